// Command pulumi-resource-alicloud is the upstream Alibaba Cloud provider,
// bridged to Pulumi for the eight resources and eight data sources that this
// project's stack and tests use.
//
// It exists for machines that reach a Go module proxy but cannot download the
// official plugin; where the official plugin can be had it is used instead and
// this program is never built. Names, tokens and nested shapes are those of the
// pulumi-alicloud Python package of the same version, so programs and states
// move freely between the two.
package main

import (
	"github.com/aliyun/terraform-provider-alicloud/alicloud"
	"github.com/hashicorp/terraform-plugin-sdk/helper/schema"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv1 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v1"
)

// version is the release of pulumi-alicloud whose tokens and shapes are kept.
const version = "3.105.0"

func main() {
	info := tfbridge.ProviderInfo{
		P:       shimv1.NewProvider(alicloud.Provider().(*schema.Provider)),
		Name:    "alicloud",
		Version: version,
		Resources: map[string]*tfbridge.ResourceInfo{
			"alicloud_vpc":            {Tok: "alicloud:vpc/network:Network"},
			"alicloud_vswitch":        {Tok: "alicloud:vpc/switch:Switch"},
			"alicloud_security_group": {Tok: "alicloud:ecs/securityGroup:SecurityGroup"},
			"alicloud_instance": {
				Tok: "alicloud:ecs/instance:Instance",
				Fields: map[string]*tfbridge.SchemaInfo{
					// The published package has one object here where the
					// upstream schema has a list of at most one.
					"network_interfaces": {MaxItemsOne: tfbridge.True()},
				},
			},
			"alicloud_cms_event_rule":         {Tok: "alicloud:cms/eventRule:EventRule"},
			"alicloud_message_service_queue":  {Tok: "alicloud:message/serviceQueue:ServiceQueue"},
			"alicloud_event_bridge_event_bus": {Tok: "alicloud:eventbridge/eventBus:EventBus"},
			"alicloud_event_bridge_rule":      {Tok: "alicloud:eventbridge/rule:Rule"},
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"alicloud_account":         {Tok: "alicloud:index/getAccount:getAccount"},
			"alicloud_zones":           {Tok: "alicloud:index/getZones:getZones"},
			"alicloud_images":          {Tok: "alicloud:ecs/getImages:getImages"},
			"alicloud_instance_types":  {Tok: "alicloud:ecs/getInstanceTypes:getInstanceTypes"},
			"alicloud_instances":       {Tok: "alicloud:ecs/getInstances:getInstances"},
			"alicloud_security_groups": {Tok: "alicloud:ecs/getSecurityGroups:getSecurityGroups"},
			"alicloud_vpcs":            {Tok: "alicloud:vpc/getNetworks:getNetworks"},
			"alicloud_vswitches":       {Tok: "alicloud:vpc/getSwitches:getSwitches"},
		},
	}
	tfbridge.Main("alicloud", version, info, nil)
}
