lakecheck rehearse cdk.out --environment Dev
lakecheck rehearse cdk.out --environment Dev --base cdk.base --require 90 --html rehearsal.html
lakecheck rehearse cdk.out --environment Dev --fault glue:StartJobRun:throttle:2 --fault "s3:Put*:error:1"
