make synth
cp -r cdk.out cdk.base
