import com.aliyun.mns.client.CloudAccount;
import com.aliyun.mns.client.CloudQueue;
import com.aliyun.mns.client.MNSClient;
import com.aliyun.mns.common.BatchDeleteException;
import com.aliyun.mns.common.ServiceException;
import com.aliyun.mns.model.Message;
import com.aliyun.mns.model.QueueMeta;
import com.aliyuncs.CommonRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.http.MethodType;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import com.google.gson.Gson;
import com.google.gson.JsonParser;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A consumer of a queue, and the rule that fills it; or each call of a queue. Knows nothing of the fake.
 *
 * <p>Arguments: (consume|calls) (http|https|ENDPOINT). consume makes a queue, a rule and its target, says "ready", and
 * prints the first message, which it deletes. calls prints what the calls return, as JSON.
 */
public final class Client {
    private static final String HOST = "1000000000000001.mns.cn-hangzhou.aliyuncs.com";
    private static final String KEY_ID = "LTAI5tOwnKeyOfTheProgram";
    private static final String SECRET = "own-secret";
    private static final String QUEUE = "alarms";

    public static void main(String[] arguments) throws Exception {
        String protocol = arguments[1];
        String endpoint = protocol.contains("://") ? protocol : protocol + "://" + HOST;
        MNSClient queues = new CloudAccount(KEY_ID, SECRET, endpoint).getMNSClient();
        try {
            if (arguments[0].equals("calls")) {
                System.out.println(new Gson().toJson(calls(queues)));
            } else {
                consume(queues, protocol);
            }
        } finally {
            queues.close();
        }
    }

    private static void consume(MNSClient queues, String protocol) throws Exception {
        CloudQueue queue = queues.createQueue(named(QUEUE, 30L));
        System.out.println(makeRule(protocol));
        System.out.println("ready");
        Message message = queue.popMessage(30);
        System.out.println(message.getMessageBody());
        queue.deleteMessage(message.getReceiptHandle());
        System.out.println(queue.popMessage(1) == null ? "MessageNotExist" : "another message");
    }

    /** The Arn of the target, as the cloud lists it. */
    private static String makeRule(String protocol) throws Exception {
        call(protocol, "PutEventRule", Map.of(
                "RuleName", "to-the-queue",
                "EventPattern.1.Product", "ECS",
                "EventPattern.1.EventTypeList.1", "Maintenance",
                "EventPattern.1.NameList.1", "Instance:SystemMaintenance.Reboot:Scheduled"));
        call(protocol, "PutEventRuleTargets", Map.of(
                "RuleName", "to-the-queue",
                "MnsParameters.1.Id", "1",
                "MnsParameters.1.Region", "cn-hangzhou",
                "MnsParameters.1.Queue", QUEUE));
        String listed = call(protocol, "DescribeEventRuleTargetList", Map.of("RuleName", "to-the-queue"));
        return JsonParser.parseString(listed).getAsJsonObject().getAsJsonObject("MnsParameters")
                .getAsJsonArray("MnsParameter").get(0).getAsJsonObject().get("Arn").getAsString();
    }

    private static String call(String protocol, String action, Map<String, String> parameters) throws Exception {
        CommonRequest request = new CommonRequest();
        request.setSysProtocol(protocol.equals("https") ? ProtocolType.HTTPS : ProtocolType.HTTP);
        request.setSysMethod(MethodType.POST);
        request.setSysDomain("metrics.cn-hangzhou.aliyuncs.com");
        request.setSysVersion("2019-01-01");
        request.setSysAction(action);
        parameters.forEach(request::putQueryParameter);
        DefaultProfile profile = DefaultProfile.getProfile("cn-hangzhou", KEY_ID, SECRET);
        return new DefaultAcsClient(profile).getCommonResponse(request).getData();
    }

    private static Map<String, Object> calls(MNSClient queues) throws Exception {
        Map<String, Object> found = new LinkedHashMap<>();
        CloudQueue queue = queues.createQueue(named(QUEUE, 40L));
        found.put("created", path(queue.getQueueURL()));
        found.put("again", path(queues.createQueue(named(QUEUE, 40L)).getQueueURL()));
        found.put("other", refusal(() -> queues.createQueue(named(QUEUE, 41L))));
        queue.setAttributes(named(QUEUE, 50L));
        QueueMeta attributes = queue.getAttributes();
        found.put("attributes", List.of(
                attributes.getQueueName(), attributes.getVisibilityTimeout(), attributes.isLoggingEnabled()));
        found.put("listed", queues.listQueueURL("al", "", 10).getResult().stream()
                .map(Client::path).collect(Collectors.toList()));
        found.put("listedNames", queues.listQueue("al", "", 10).getResult().stream()
                .map(QueueMeta::getQueueName).collect(Collectors.toList()));
        found.put("exists", queue.isQueueExist());
        Message first = new Message("one & <1>");
        first.setPriority(1);
        queue.putMessage(first);
        found.put("sent", queue.batchPutMessage(List.of(new Message("two"), new Message("drei ü"))).stream()
                .map(Message::getMessageBodyMD5).collect(Collectors.toList()));
        found.put("peeked", queue.peekMessage().getMessageBody());
        found.put("peekedAll", bodies(queue.batchPeekMessage(16)));
        Message one = queue.popMessage();
        String handle = queue.changeMessageVisibilityTimeout(one.getReceiptHandle(), 60);
        found.put("oldHandle", refusal(() -> queue.deleteMessage(one.getReceiptHandle())));
        found.put("badHandle", refusal(() -> queue.deleteMessage("nobody")));
        queue.deleteMessage(handle);
        List<Message> rest = queue.batchPopMessage(16, 1);
        found.put("received", bodies(rest));
        List<String> handles = new ArrayList<>();
        rest.forEach(each -> handles.add(each.getReceiptHandle()));
        queue.batchDeleteMessage(handles);
        found.put("deletedTwice", refusal(() -> queue.batchDeleteMessage(handles)));
        found.put("empty", String.valueOf(queue.batchPopMessage(16)));
        queue.delete();
        found.put("gone", refusal(queue::popMessage));
        found.put("existsNot", queue.isQueueExist());
        return found;
    }

    private static QueueMeta named(String name, long visibilitySeconds) {
        QueueMeta meta = new QueueMeta();
        meta.setQueueName(name);
        meta.setVisibilityTimeout(visibilitySeconds);
        return meta;
    }

    private static List<String> bodies(List<Message> messages) {
        return messages.stream().map(Message::getMessageBody).collect(Collectors.toList());
    }

    private static String path(String url) {
        return URI.create(url).getPath();
    }

    private interface Call {
        void run() throws Exception;
    }

    private static String refusal(Call call) throws Exception {
        try {
            call.run();
        } catch (BatchDeleteException refused) {
            return refused.getErrorMessages().values().stream()
                    .map(each -> each.getErrorCode()).distinct().collect(Collectors.joining());
        } catch (ServiceException refused) {
            return refused.getErrorCode();
        }
        return "none";
    }
}
