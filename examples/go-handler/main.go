// Restarts an instance at a quiet moment, before a planned restart does: polls, the older Go SDK.
package main

import (
	"encoding/json"
	"log"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
)

const pause = 500 * time.Millisecond

type events struct {
	InstanceSystemEventSet struct {
		InstanceSystemEventType []struct{ InstanceId string }
	}
}

func call(client *sdk.Client, action string, parameters map[string]string) ([]byte, error) {
	request := requests.NewCommonRequest()
	request.Scheme = "https"
	request.Product = "Ecs"
	request.Version = "2014-05-26"
	request.ApiName = action
	request.QueryParams = parameters
	response, err := client.ProcessCommonRequest(request)
	if err != nil {
		return nil, err
	}
	return response.GetHttpContentBytes(), nil
}

func handle(client *sdk.Client) error {
	body, err := call(client, "DescribeInstanceHistoryEvents", map[string]string{
		"RegionId":                   "cn-hangzhou",
		"InstanceEventCycleStatus.1": "Scheduled",
		"InstanceEventType.1":        "SystemMaintenance.Reboot",
	})
	if err != nil {
		return err
	}
	var found events
	if err := json.Unmarshal(body, &found); err != nil {
		return err
	}
	for _, event := range found.InstanceSystemEventSet.InstanceSystemEventType {
		if _, err := call(client, "RebootInstance", map[string]string{"InstanceId": event.InstanceId}); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	client, err := sdk.NewClientWithAccessKey("cn-hangzhou", "your-key-id", "your-key-secret")
	if err != nil {
		log.Fatal(err)
	}
	for {
		if err := handle(client); err != nil {
			log.Print(err)
		}
		time.Sleep(pause)
	}
}
