import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.OpenApiRequest;
import com.aliyun.teaopenapi.models.Params;
import com.aliyun.teautil.models.RuntimeOptions;
import com.aliyuncs.CommonRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.auth.AlibabaCloudCredentialsProvider;
import com.aliyuncs.auth.BasicCredentials;
import com.aliyuncs.auth.InstanceProfileCredentialsProvider;
import com.aliyuncs.auth.StaticCredentialsProvider;
import com.aliyuncs.http.MethodType;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import java.util.Map;

/**
 * Calls DescribeRegions with one of the vendor's two SDKs, which know nothing of the fake.
 *
 * <p>Arguments: (older|newer) (http|https) [metadata]. Prints whether there are regions. With metadata, the
 * keys are those of the instance's role.
 */
public final class Client {
    private static final String REGION = "cn-hangzhou";
    private static final String KEY_ID = "LTAI5tOwnKeyOfTheProgram";
    private static final String SECRET = "own-secret";

    public static void main(String[] arguments) throws Exception {
        boolean fromMetadata = arguments.length > 2;
        String answer = arguments[0].equals("newer")
                ? newer(arguments[1], fromMetadata)
                : older(arguments[1], fromMetadata);
        System.out.println(answer.contains(REGION));
    }

    private static String older(String protocol, boolean fromMetadata) throws Exception {
        AlibabaCloudCredentialsProvider keys = fromMetadata
                ? new InstanceProfileCredentialsProvider("EcsRamRole")
                : new StaticCredentialsProvider(new BasicCredentials(KEY_ID, SECRET));
        DefaultAcsClient client = new DefaultAcsClient(DefaultProfile.getProfile(REGION), keys);
        CommonRequest request = new CommonRequest();
        request.setSysProtocol(protocol.equals("https") ? ProtocolType.HTTPS : ProtocolType.HTTP);
        request.setSysMethod(MethodType.POST);
        request.setSysDomain("ecs.cn-hangzhou.aliyuncs.com");
        request.setSysVersion("2014-05-26");
        request.setSysAction("DescribeRegions");
        return client.getCommonResponse(request).getData();
    }

    private static String newer(String protocol, boolean fromMetadata) throws Exception {
        Config config = new Config()
                .setRegionId(REGION)
                .setProtocol(protocol)
                .setEndpoint("ecs.cn-hangzhou.aliyuncs.com");
        if (fromMetadata) {
            com.aliyun.credentials.models.Config role = new com.aliyun.credentials.models.Config();
            config.setCredential(new com.aliyun.credentials.Client(role.setType("ecs_ram_role")));
        } else {
            config.setAccessKeyId(KEY_ID).setAccessKeySecret(SECRET);
        }
        Params call = new Params()
                .setAction("DescribeRegions")
                .setVersion("2014-05-26")
                .setProtocol(protocol)
                .setMethod("POST")
                .setAuthType("AK")
                .setStyle("RPC")
                .setPathname("/")
                .setReqBodyType("formData")
                .setBodyType("json");
        OpenApiRequest request = new OpenApiRequest().setQuery(Map.of("RegionId", REGION));
        Map<String, ?> answer = new com.aliyun.teaopenapi.Client(config)
                .callApi(call, request, new RuntimeOptions());
        return String.valueOf(answer.get("body"));
    }
}
