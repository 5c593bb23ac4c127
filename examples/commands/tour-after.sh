make synth
diff -rq cdk.base cdk.out | grep template.json
