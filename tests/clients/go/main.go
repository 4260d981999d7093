// Calls DescribeRegions with one of the vendor's two SDKs, which know nothing of the fake.
//
// Usage: client (older|newer) (http|https) [metadata]
// Prints the number of regions. With metadata, the keys are those of the instance's role.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/openapi-util/service"
	util "github.com/alibabacloud-go/tea-utils/v2/service"
	"github.com/alibabacloud-go/tea/tea"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	credential "github.com/aliyun/credentials-go/credentials"
)

const region = "cn-hangzhou"

func main() {
	log.SetFlags(0)
	family, protocol := os.Args[1], os.Args[2]
	fromMetadata := len(os.Args) > 3
	ask := older
	if family == "newer" {
		ask = newer
	}
	body, err := ask(protocol, fromMetadata)
	if err != nil {
		log.Fatal(err)
	}
	var answer struct {
		Regions struct {
			Region []struct{ RegionId string }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(answer.Regions.Region) > 0)
}

func older(protocol string, fromMetadata bool) ([]byte, error) {
	config := sdk.NewConfig().WithScheme(protocol)
	var keys auth.Credential = credentials.NewAccessKeyCredential("LTAI5tOwnKeyOfTheProgram", "own-secret")
	if fromMetadata {
		keys = credentials.NewEcsRamRoleCredential("")
	}
	client, err := sdk.NewClientWithOptions(region, config, keys)
	if err != nil {
		return nil, err
	}
	request := requests.NewCommonRequest()
	request.Scheme = protocol
	request.Product = "Ecs"
	request.Version = "2014-05-26"
	request.ApiName = "DescribeRegions"
	response, err := client.ProcessCommonRequest(request)
	if err != nil {
		return nil, err
	}
	return response.GetHttpContentBytes(), nil
}

func newer(protocol string, fromMetadata bool) ([]byte, error) {
	config := &openapi.Config{
		RegionId:        tea.String(region),
		Endpoint:        tea.String("ecs.cn-hangzhou.aliyuncs.com"),
		Protocol:        tea.String(protocol),
		AccessKeyId:     tea.String("LTAI5tOwnKeyOfTheProgram"),
		AccessKeySecret: tea.String("own-secret"),
	}
	if fromMetadata {
		keys, err := credential.NewCredential(new(credential.Config).SetType("ecs_ram_role"))
		if err != nil {
			return nil, err
		}
		config = &openapi.Config{RegionId: config.RegionId, Endpoint: config.Endpoint, Protocol: config.Protocol, Credential: keys}
	}
	client, err := openapi.NewClient(config)
	if err != nil {
		return nil, err
	}
	params := &openapi.Params{
		Action:      tea.String("DescribeRegions"),
		Version:     tea.String("2014-05-26"),
		Protocol:    tea.String(protocol),
		Method:      tea.String("POST"),
		AuthType:    tea.String("AK"),
		Style:       tea.String("RPC"),
		Pathname:    tea.String("/"),
		ReqBodyType: tea.String("formData"),
		BodyType:    tea.String("json"),
	}
	query := map[string]interface{}{"RegionId": region}
	request := &openapi.OpenApiRequest{Query: openapiutil.Query(query)}
	answer, err := client.CallApi(params, request, &util.RuntimeOptions{})
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer["body"])
}
