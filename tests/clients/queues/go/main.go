// A consumer of a queue, and the rule that fills it; or each call of a queue. Knows nothing of the fake.
//
// Usage: client (consume|calls) (http|https|ENDPOINT)
// consume makes a queue, a rule and its target, says "ready", and prints the first message, which it
// deletes. calls prints what the calls return, as JSON.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"net/url"
	"os"
	"regexp"
	"strings"

	cms "github.com/alibabacloud-go/cms-20190101/v8/client"
	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/tea"
	mns "github.com/aliyun/aliyun-mns-go-sdk"
)

const (
	host   = "1000000000000001.mns.cn-hangzhou.aliyuncs.com"
	keyID  = "LTAI5tOwnKeyOfTheProgram"
	secret = "own-secret"
	queue  = "alarms"
	rule   = "to-the-queue"
)

func main() {
	log.SetFlags(0)
	protocol := os.Args[2]
	endpoint := protocol + "://" + host
	if strings.Contains(protocol, "://") {
		endpoint = protocol
	}
	client := mns.NewAliMNSClient(endpoint, keyID, secret)
	manager, messages := mns.NewMNSQueueManager(client), mns.NewMNSQueue(queue, client)
	if os.Args[1] == "calls" {
		found, err := json.Marshal(calls(manager, messages))
		check(err)
		fmt.Println(string(found))
		return
	}
	check(manager.CreateSimpleQueue(queue))
	fmt.Println(makeRule(protocol))
	fmt.Println("ready")
	message, err := receive(messages, 30)
	check(err)
	body, err := base64.StdEncoding.DecodeString(message.MessageBody)
	check(err)
	fmt.Println(string(body))
	check(messages.DeleteMessage(message.ReceiptHandle))
	_, err = receive(messages, 1)
	fmt.Println(code(err))
}

// makeRule returns the Arn of the target, as the cloud lists it.
func makeRule(protocol string) string {
	client, err := cms.NewClient(&openapi.Config{
		RegionId:        tea.String("cn-hangzhou"),
		Endpoint:        tea.String("metrics.cn-hangzhou.aliyuncs.com"),
		Protocol:        tea.String(protocol),
		AccessKeyId:     tea.String(keyID),
		AccessKeySecret: tea.String(secret),
	})
	check(err)
	_, err = client.PutEventRule(&cms.PutEventRuleRequest{
		RuleName: tea.String(rule),
		EventPattern: []*cms.PutEventRuleRequestEventPattern{{
			Product:       tea.String("ECS"),
			EventTypeList: tea.StringSlice([]string{"Maintenance"}),
			NameList:      tea.StringSlice([]string{"Instance:SystemMaintenance.Reboot:Scheduled"}),
		}},
	})
	check(err)
	_, err = client.PutEventRuleTargets(&cms.PutEventRuleTargetsRequest{
		RuleName: tea.String(rule),
		MnsParameters: []*cms.PutEventRuleTargetsRequestMnsParameters{
			{Id: tea.String("1"), Region: tea.String("cn-hangzhou"), Queue: tea.String(queue)},
		},
	})
	check(err)
	listed, err := client.DescribeEventRuleTargetList(
		&cms.DescribeEventRuleTargetListRequest{RuleName: tea.String(rule)})
	check(err)
	return tea.StringValue(listed.Body.MnsParameters.MnsParameter[0].Arn)
}

func calls(manager mns.AliQueueManager, messages mns.AliMNSQueue) map[string]any {
	found := map[string]any{}
	create := func(visibility int32) error {
		return manager.CreateQueue(queue, 0, 65536, 345600, visibility, 0, 1)
	}
	found["created"] = code(create(40))
	found["again"] = code(create(40))
	found["other"] = code(create(41))
	check(manager.SetQueueAttributes(queue, 0, 65536, 345600, 50, 0, 1))
	attributes, err := manager.GetQueueAttributes(queue)
	check(err)
	found["attributes"] = []any{attributes.QueueName, attributes.VisibilityTimeout, attributes.MaxMessageSize}
	listed, err := manager.ListQueue("", 10, "al")
	check(err)
	paths := []string{}
	for _, each := range listed.Queues {
		path, err := url.Parse(each.QueueURL)
		check(err)
		paths = append(paths, path.Path)
	}
	found["listed"] = paths
	_, err = messages.SendMessage(mns.MessageSendRequest{MessageBody: "one & <1>", Priority: 1})
	check(err)
	sent, err := messages.BatchSendMessage(
		mns.MessageSendRequest{MessageBody: "two", Priority: 8},
		mns.MessageSendRequest{MessageBody: "drei ü", Priority: 8})
	check(err)
	found["sent"] = []string{sent.Messages[0].MessageBodyMD5, sent.Messages[1].MessageBodyMD5}
	peeked := answer(messages.PeekMessage)
	found["peeked"] = peeked.MessageBody
	one, err := receive(messages, 1)
	check(err)
	changed, err := messages.ChangeMessageVisibility(one.ReceiptHandle, 60)
	check(err)
	found["oldHandle"] = code(messages.DeleteMessage(one.ReceiptHandle))
	found["badHandle"] = code(messages.DeleteMessage("nobody"))
	check(messages.DeleteMessage(changed.ReceiptHandle))
	rest := answer(func(got chan mns.BatchMessageReceiveResponse, failed chan error) {
		messages.BatchReceiveMessage(got, failed, 16, 1)
	})
	bodies, handles := []string{}, []string{}
	for _, each := range rest.Messages {
		bodies = append(bodies, each.MessageBody)
		handles = append(handles, each.ReceiptHandle)
	}
	found["received"] = bodies
	_, err = messages.BatchDeleteMessage(handles...)
	found["deleted"] = code(err)
	refused, err := messages.BatchDeleteMessage(handles...)
	found["deletedTwice"] = []any{code(err), len(refused.FailedMessages)}
	check(manager.DeleteQueue(queue))
	_, err = receive(messages, 1)
	found["gone"] = code(err)
	return found
}

func receive(messages mns.AliMNSQueue, seconds int64) (mns.MessageReceiveResponse, error) {
	got, failed := make(chan mns.MessageReceiveResponse, 1), make(chan error, 1)
	messages.ReceiveMessage(got, failed, seconds)
	select {
	case message := <-got:
		return message, nil
	case err := <-failed:
		return mns.MessageReceiveResponse{}, err
	}
}

// answer returns what call sends into its first channel.
func answer[T any](call func(chan T, chan error)) T {
	got, failed := make(chan T, 1), make(chan error, 1)
	call(got, failed)
	select {
	case found := <-got:
		return found
	case err := <-failed:
		check(err)
		panic(err)
	}
}

var named = regexp.MustCompile(`(?:code|Code)[:=]\s*"?([A-Za-z]\w+)`)

// code is the vendor's name for an error of the cloud, or the whole text.
func code(err error) string {
	if err == nil {
		return "none"
	}
	if found := named.FindStringSubmatch(err.Error()); found != nil {
		return found[1]
	}
	return err.Error()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
