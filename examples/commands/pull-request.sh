lakecheck pull-request --app "python app.py"                        # in a CI, which says what the base is
lakecheck pull-request --app "python app.py" --base origin/main     # on a laptop
