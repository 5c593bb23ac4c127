aws lakeformation get-data-lake-settings
# Add the role cdk-hnb659fds-cfn-exec-role-<account>-<region> to DataLakeAdmins of what was printed, then:
aws lakeformation put-data-lake-settings --data-lake-settings file://settings.json
