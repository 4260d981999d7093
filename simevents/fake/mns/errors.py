"""The errors of SMQ as data, with the vendor's spelling.

Source: help page 27501, "Error codes". The page has no code for a message that is too large; it is
`InvalidArgument` here, whose text names the bounds.
"""

from ..protocol.api_errors import Code

QUEUE_NOT_EXIST = Code("QueueNotExist", 404, "The queue name you provided is not exist.")
QUEUE_ALREADY_EXIST = Code(
    "QueueAlreadyExist", 409, "The queue you want to create is already exist."
)
QUEUE_NAME_INVALID = Code(
    "InvalidQueueName",
    400,
    "The queue name you provided is invalid. It may contain letters, digits and hyphens, and "
    "begins with a letter or a digit.",
)
QUEUE_NAME_LENGTH = Code(
    "QueueNameLengthError", 400, "The length of the queue name should between 1 and {most}."
)
MESSAGE_NOT_EXIST = Code("MessageNotExist", 404, "Message not exist.")
RECEIPT_HANDLE_ERROR = Code(
    "ReceiptHandleError", 400, "The receipt handle you provide is not valid."
)
OUT_OF_BOUNDS = Code(
    "InvalidArgument", 400, "The value of {name} should between {least} and {most} {unit}."
)
SCHEMA_VIOLATED = Code(
    "InvalidArgument",
    400,
    "The XML you provided did not validate against our published schema, cause by {name}.",
)
DEAD_LETTER_POLICY_INVALID = Code(
    "InvalidArgument", 400, "The value of DlqPolicy is not valid: {reason}."
)
MALFORMED_XML = Code("MalformedXML", 400, "The XML you provided was not well-formed.")
DIGEST_INVALID = Code("InvalidDegist", 400, "The Content-MD5 you specified is invalid.")
REQUEST_URL_INVALID = Code("InvalidRequestURL", 400, "Http request URL format invalid.")
QUERY_STRING_INVALID = Code(
    "InvalidQueryString", 400, "Http request URL contains invalid querystring item “{name}”."
)
MISSING_RECEIPT_HANDLE = Code("MissingReceiptHandle", 400, "ReceiptHandle is required.")
MISSING_VISIBILITY_TIMEOUT = Code("MissingVisibilityTimeout", 400, "VisibilityTimeout is required.")
MISSING_AUTHORIZATION = Code("MissingAuthorizationHeader", 400, "Authorization header is required.")
AUTHORIZATION_INVALID = Code(
    "InvalidAuthorizationHeader", 400, "The Authorization header format is invalid."
)
MISSING_DATE = Code("MissingDateHeader", 400, "Date header is required.")
DATE_INVALID = Code("InvalidDateHeader", 400, "The Date header format is invalid.")
MISSING_VERSION = Code("MissingVersionHeader", 400, "x-mns-version header is required.")
VERSION_INVALID = Code("InvalidVersionHeader", 400, "The x-mns-version header is invalid.")
TIME_EXPIRED = Code("TimeExpired", 408, "The http request you sent is expired.")
ACCESS_KEY_UNKNOWN = Code("InvalidAccessKeyId", 403, "The AccessKey Id you provided is not exist.")
ACCESS_DENIED = Code(
    "AccessDenied",
    403,
    "The security token you provided is not that of the AccessKey Id, or has expired.",
)
SIGNATURE_MISMATCH = Code(
    "SignatureDoesNotMatch",
    403,
    "The request signature we calculated does not match the signature you provided. Check your "
    "key and signing method.",
)
QPS_LIMIT = Code("QpsLimitExceeded", 400, "The QPS Limit of your queue is exceeded.")
NOT_SERVED = Code(
    "InvalidRequestURL", 404, "The fake cloud serves no topics and no {name} of SMQ.", is_gap=True
)
QUEUE_TYPE_NOT_SERVED = Code(
    "UnsupportedOperation",
    400,
    "The fake cloud does not cover queues of the type {type}.",
    is_gap=True,
)
