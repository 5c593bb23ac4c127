"""What AWS lets be there only once although no name or identifier of its own says so, by type; a table.

The registry's identifiers are made up by AWS for these types, such as the ARN of a resolver; what must differ stands in the API's errors.
Each entry was met by somebody whose resource only got another logical id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIONAL: Final = "?"
"""What a property's path ends in that may be left out."""

UNIQUE: Final[Mapping[str, tuple[str, ...]]] = {
    # "Another resource with the same parent already has this name"
    "AWS::ApiGateway::Resource": ("RestApiId", "ParentId", "PathPart"),
    "AWS::ApiGatewayV2::Route": ("ApiId", "RouteKey"),
    "AWS::AppSync::DataSource": ("ApiId", "Name"),
    # "Only one resolver is allowed per field": https://github.com/aws/aws-cdk/issues/13269
    "AWS::AppSync::Resolver": ("ApiId", "TypeName", "FieldName"),
    "AWS::CloudFront::CachePolicy": ("CachePolicyConfig.Name",),
    # CNAMEAlreadyExists: https://github.com/aws/aws-cdk/issues/21397
    "AWS::CloudFront::Distribution": ("DistributionConfig.Aliases",),
    "AWS::CloudFront::OriginAccessControl": ("OriginAccessControlConfig.Name",),
    "AWS::CloudFront::OriginRequestPolicy": ("OriginRequestPolicyConfig.Name",),
    "AWS::CloudFront::ResponseHeadersPolicy": ("ResponseHeadersPolicyConfig.Name",),
    "AWS::EC2::Route": ("RouteTableId", "DestinationCidrBlock?", "DestinationIpv6CidrBlock?", "DestinationPrefixListId?"),
    # https://github.com/data-dot-all/dataall/issues/1080
    "AWS::EC2::SecurityGroup": ("GroupName", "VpcId?"),
    # One in each zone, https://docs.aws.amazon.com/efs/latest/APIReference/API_CreateMountTarget.html (MountTargetConflict)
    "AWS::EFS::MountTarget": ("FileSystemId", "SubnetId"),
    # "A listener already exists on this port for this load balancer"
    "AWS::ElasticLoadBalancingV2::Listener": ("LoadBalancerArn", "Port"),
    # "Priority '1' is currently in use"
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("ListenerArn", "Priority"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("Name",),
    # https://github.com/honerlaw/serverless-fargate-plugin/issues/19
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("Name",),
    "AWS::Lambda::Alias": ("FunctionName", "Name"),
    # "The event source arn and function provided mapping already exists"
    "AWS::Lambda::EventSourceMapping": ("FunctionName", "EventSourceArn", "Topics?", "Queues?"),
    "AWS::Lambda::Url": ("TargetFunctionArn", "Qualifier?"),
    "AWS::MSK::Cluster": ("ClusterName",),
    "AWS::RDS::DBProxyTargetGroup": ("DBProxyName", "TargetGroupName"),
    # "Tried to create resource record set, but it already exists"
    "AWS::Route53::RecordSet": ("Name", "Type", "HostedZoneId?", "HostedZoneName?", "SetIdentifier?"),
    "AWS::ServiceDiscovery::Service": ("Name", "NamespaceId?"),
    # The policy is a property of the queue or topic: https://github.com/pulumi/pulumi-aws/issues/1923 tells what its deletion takes away
    "AWS::SNS::TopicPolicy": ("Topics",),
    "AWS::SQS::QueuePolicy": ("Queues",),
    "AWS::WAFv2::IPSet": ("Name", "Scope"),
    "AWS::WAFv2::RuleGroup": ("Name", "Scope"),
    "AWS::WAFv2::WebACL": ("Name", "Scope"),
    # The notifications are a property of the bucket: https://github.com/aws/aws-cdk/issues/21036
    "Custom::S3BucketNotifications": ("BucketName",),
}
"""By type the properties that must not all be the same of two; without those that end in `?` there is none of that kind."""
