pip install 'governed-lake[check]'
