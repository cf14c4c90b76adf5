"""What the Gemini API can read in a request: shapes as data, their titles the names of types."""

from mockprovider.shapes import Json

Shape = dict[str, Json]
TEXT: Shape = {"type": "string"}
FLAG: Shape = {"type": "boolean"}
NUMBER: Shape = {"type": "number"}
INT32: Shape = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
BYTES: Shape = {
    "type": "string", "title": "TYPE_BYTES", "pattern": r"^(?:[A-Za-z0-9+/_-]{4})*"
    r"(?:[A-Za-z0-9+/_-]{2,3})?={0,2}$",
}  # fmt: skip
# A google.protobuf.Struct, or a message whose members are nobody's business here.
OPEN: Shape = {"type": "object", "title": "$Struct"}
ANY: Shape = {"description": "google.protobuf.Value"}


def message(title: str, /, **members: Shape) -> Shape:
    """Return the shape of a message: it has these members and no other."""
    return {
        "type": "object", "title": f"${title}", "properties": members,
        "additionalProperties": False,
    }  # fmt: skip


def words(title: str, *allowed: str) -> Shape:
    """Return the shape of an enumeration, its words in the order of their numbers."""
    return {"type": "string", "title": f"${title}", "enum": list(allowed)}


def several(shape: Shape) -> Shape:
    """Return the shape of a repeated field."""
    return {"type": "array", "items": shape}


def mapping(shape: Shape) -> Shape:
    """Return the shape of a map."""
    return {"type": "object", "title": "$Map", "additionalProperties": shape}


def ref(name: str) -> Shape:
    return {"$ref": f"#/$defs/{name}"}


SCHEMA = message(
    "Schema",
    type=words("Type", "TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY",
               "OBJECT", "NULL"),
    format=TEXT, title=TEXT, description=TEXT, nullable=FLAG, enum=several(TEXT),
    maxItems=INT32, minItems=INT32, properties=mapping(ref("schema")), required=several(TEXT),
    minProperties=INT32, maxProperties=INT32, minLength=INT32, maxLength=INT32, pattern=TEXT,
    example=ANY, anyOf=several(ref("schema")), propertyOrdering=several(TEXT), default=ANY,
    items=ref("schema"), minimum=NUMBER, maximum=NUMBER, additionalProperties=ANY,
    defs=mapping(ref("schema")), ref=TEXT,
)  # fmt: skip

BLOB = message("Blob", mimeType=TEXT, data=BYTES, displayName=TEXT)
FILE = message("FileData", fileUri=TEXT, mimeType=TEXT, displayName=TEXT)
# What one part can be; it is exactly one of these.
DATA: Shape = {
    "text": TEXT,
    "inlineData": BLOB,
    "fileData": FILE,
    "functionCall": message(
        "FunctionCall", id=TEXT, name=TEXT, args=OPEN, partialArgs=several(OPEN), willContinue=FLAG
    ),
    "functionResponse": message(
        "FunctionResponse", id=TEXT, name=TEXT, response=OPEN, parts=several(OPEN),
        willContinue=FLAG, scheduling=TEXT,
    ),
    "executableCode": message("ExecutableCode", id=TEXT, language=TEXT, code=TEXT),
    "codeExecutionResult": message("CodeExecutionResult", id=TEXT, outcome=TEXT, output=TEXT),
    "toolCall": OPEN,
    "toolResponse": OPEN,
}  # fmt: skip
BESIDE = (
    "videoMetadata", "mediaResolution", "partMetadata", "audioTranscription", "mediaProcessing",
    "speechMetadata", "documentMetadata", "spreadsheetMetadata", "audioMetadata",
)  # fmt: skip
PART = message(
    "Part", **DATA, thought=FLAG, thoughtSignature=BYTES, **dict.fromkeys(BESIDE, OPEN)
)  # fmt: skip
CONTENT = message("Content", role=TEXT, parts=several(PART))

FUNCTION = message(
    "FunctionDeclaration", name=TEXT, description=TEXT, parameters=ref("schema"),
    parametersJsonSchema=ANY, response=ref("schema"), responseJsonSchema=ANY, behavior=TEXT,
)  # fmt: skip
SERVER_TOOLS = (
    "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext", "computerUse",
    "fileSearch", "googleMaps", "retrieval", "enterpriseWebSearch", "parallelAiSearch",
    "exaAiSearch",
)  # fmt: skip
TOOL = message(
    "Tool", functionDeclarations=several(FUNCTION), mcpServers=several(OPEN),
    **dict.fromkeys(SERVER_TOOLS, OPEN),
)  # fmt: skip
TOOL_CONFIG = message(
    "ToolConfig",
    functionCallingConfig=message(
        "FunctionCallingConfig",
        mode=words("FunctionCallingConfig.Mode", "MODE_UNSPECIFIED", "AUTO", "ANY", "NONE",
                   "VALIDATED"),
        allowedFunctionNames=several(TEXT), streamFunctionCallArguments=FLAG,
    ),
    retrievalConfig=OPEN, includeServerSideToolInvocations=FLAG,
)  # fmt: skip
HARMS = (
    "UNSPECIFIED", "DEROGATORY", "TOXICITY", "VIOLENCE", "SEXUAL", "MEDICAL", "DANGEROUS",
    "HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT", "CIVIC_INTEGRITY",
    "JAILBREAK", "IMAGE_HATE", "IMAGE_DANGEROUS_CONTENT", "IMAGE_HARASSMENT",
    "IMAGE_SEXUALLY_EXPLICIT",
)  # fmt: skip
SAFETY = message(
    "SafetySetting",
    category=words("HarmCategory", *(f"HARM_CATEGORY_{harm}" for harm in HARMS)),
    threshold=words(
        "SafetySetting.HarmBlockThreshold", "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
        "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF",
    ),
    method=TEXT,
)  # fmt: skip
THINKING = message(
    "ThinkingConfig", includeThoughts=FLAG, thinkingBudget=INT32,
    thinkingLevel=words("ThinkingConfig.ThinkingLevel", "THINKING_LEVEL_UNSPECIFIED", "MINIMAL",
                        "LOW", "MEDIUM", "HIGH", "XHIGH"),
)  # fmt: skip
CONFIG = message(
    "GenerationConfig",
    candidateCount=INT32, stopSequences=several(TEXT), maxOutputTokens=INT32, temperature=NUMBER,
    topP=NUMBER, topK=NUMBER, seed=INT32, presencePenalty=NUMBER, frequencyPenalty=NUMBER,
    responseMimeType=TEXT, responseSchema=ref("schema"), responseJsonSchema=ANY,
    responseModalities=several(words("GenerationConfig.Modality", "MODALITY_UNSPECIFIED", "TEXT",
                                     "IMAGE", "AUDIO", "VIDEO")),
    responseLogprobs=FLAG, logprobs=INT32, thinkingConfig=THINKING,
    mediaResolution=words("GenerationConfig.MediaResolution",
                          *(f"MEDIA_RESOLUTION_{level}"
                            for level in ("UNSPECIFIED", "LOW", "MEDIUM", "HIGH"))),
    audioTimestamp=FLAG, enableEnhancedCivicAnswers=FLAG, enableAffectiveDialog=FLAG,
    **dict.fromkeys(("speechConfig", "imageConfig", "routingConfig", "modelSelectionConfig",
                     "responseFormat", "translationConfig", "audioTranscriptionConfig"), OPEN),
)  # fmt: skip
DEFS = {"$defs": {"schema": SCHEMA}}

REQUEST = message(
    "GenerateContentRequest",
    model=TEXT, contents=several(CONTENT), systemInstruction=CONTENT, tools=several(TOOL),
    toolConfig=TOOL_CONFIG, safetySettings=several(SAFETY), generationConfig=CONFIG,
    cachedContent=TEXT, labels=mapping(TEXT), store=FLAG, continuationToken=BYTES,
    serviceTier=words("ServiceTier", "UNSPECIFIED", "STANDARD", "FLEX", "PRIORITY"),
) | DEFS  # fmt: skip
COUNT = message(
    "CountTokensRequest", model=TEXT, contents=several(CONTENT),
    generateContentRequest={name: REQUEST[name] for name in REQUEST if name != "$defs"},
    systemInstruction=CONTENT, tools=several(TOOL), generationConfig=CONFIG,
) | DEFS  # fmt: skip
