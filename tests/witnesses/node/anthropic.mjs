// Reads {baseURL, cases: [{name, content}]} from standard input and prints, a line per case, what
// the official SDK ends up with: streamed, plain, or the error it throws.
import { readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";

const { baseURL, cases } = JSON.parse(readFileSync(0, "utf8"));
const client = new Anthropic({ baseURL, apiKey: "sk-witness", maxRetries: 0 });

const joined = (message, type, member) =>
  message.content
    .filter((block) => block.type === type)
    .map((block) => block[member])
    .join("");

const outcome = (message) => ({
  text: joined(message, "text", "text"),
  reasoning: joined(message, "thinking", "thinking"),
  signatures: message.content.filter((block) => block.type === "thinking").map((block) => block.signature),
  redacted: message.content.filter((block) => block.type === "redacted_thinking").map((block) => block.data),
  citations: message.content.flatMap((block) => block.citations ?? []).map((citation) => citation.url),
  calls: message.content
    .filter((block) => block.type === "tool_use")
    .map((block) => [block.id, block.name, block.input]),
  finish: message.stop_reason,
  usage: [
    message.usage.input_tokens,
    message.usage.cache_creation_input_tokens,
    message.usage.cache_read_input_tokens,
    message.usage.output_tokens,
  ],
});

const failure = (error) => ({
  error: { status: error.status ?? null, type: error.type ?? null, message: error.message },
});

for (const { name, content } of cases) {
  const body = { model: "mock-model", max_tokens: 1024, messages: [{ role: "user", content }] };
  const told = { name };
  try {
    told.stream = outcome(await client.messages.stream(body).finalMessage());
  } catch (error) {
    told.stream = failure(error);
  }
  try {
    told.plain = outcome(await client.messages.create(body));
  } catch (error) {
    told.plain = failure(error);
  }
  console.log(JSON.stringify(told));
}
