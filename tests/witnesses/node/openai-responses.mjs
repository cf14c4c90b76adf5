// Reads {baseURL, cases: [{name, body}], prompt} from standard input and prints, a line per case, what
// the official SDK ends up with: streamed, plain, or the error it throws; then a line for the older routes.
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const { baseURL, cases, prompt } = JSON.parse(readFileSync(0, "utf8"));
const client = new OpenAI({ baseURL, apiKey: "sk-witness", maxRetries: 0 });

const outcome = ({ output, output_text, status, incomplete_details, usage }) => {
  const parts = output.flatMap((item) => (item.type === "message" ? item.content : []));
  const thoughts = output.filter((item) => item.type === "reasoning");
  return {
    items: output.map((item) => item.type),
    text: output_text,
    reasoning: thoughts.flatMap((item) => item.summary.map((part) => part.text)).join(""),
    encrypted: thoughts.map((item) => item.encrypted_content ?? null),
    refusal: parts.map((part) => part.refusal ?? "").join(""),
    calls: output
      .filter((item) => item.type === "function_call")
      .map((item) => [item.call_id, item.name, item.arguments]),
    citations: parts.flatMap((part) => part.annotations ?? []).map((cited) => cited.url),
    status: [status, incomplete_details?.reason ?? null],
    usage: usage && [
      usage.input_tokens,
      usage.input_tokens_details.cached_tokens,
      usage.output_tokens,
      usage.output_tokens_details.reasoning_tokens,
      usage.total_tokens,
    ],
  };
};

const failure = (error) => ({
  error: { status: error.status ?? null, code: error.code ?? null, message: error.message },
});

for (const { name, body } of cases) {
  const told = { name };
  try {
    told.stream = outcome(await client.responses.stream(body).finalResponse());
  } catch (error) {
    told.stream = failure(error);
  }
  try {
    told.plain = outcome(await client.responses.create(body));
  } catch (error) {
    told.plain = failure(error);
  }
  console.log(JSON.stringify(told));
}

const vectors = async (options) => {
  const { data } = await client.embeddings.create({ model: "m", input: ["a", "b"], ...options });
  return data.map(({ embedding }) => Array.from(embedding));
};
const asked = { model: "m", prompt };
let streamed = "";
for await (const { choices } of await client.completions.create({ ...asked, stream: true })) {
  streamed += choices.map((choice) => choice.text).join("");
}
console.log(
  JSON.stringify({
    name: "plain routes",
    packed: await vectors({}),
    plain: await vectors({ encoding_format: "float" }),
    text: (await client.completions.create(asked)).choices[0].text,
    streamed,
  }),
);
