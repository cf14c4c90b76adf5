// Reads {baseURL, cases: [{name, content, n}]} from standard input and prints, a line per case, what
// the official SDK ends up with: streamed, plain, or the error it throws.
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const { baseURL, cases } = JSON.parse(readFileSync(0, "utf8"));
const client = new OpenAI({ baseURL, apiKey: "sk-witness", maxRetries: 0 });

const outcome = (completion) => ({
  choices: completion.choices.map((choice) => ({
    text: choice.message.content ?? "",
    refusal: choice.message.refusal ?? "",
    calls: (choice.message.tool_calls ?? []).map((call) => [
      call.function.name,
      call.function.arguments,
    ]),
    finish: choice.finish_reason,
  })),
  usage: completion.usage
    ? [completion.usage.prompt_tokens, completion.usage.completion_tokens, completion.usage.total_tokens]
    : null,
});

const failure = (error) => ({
  error: { status: error.status ?? null, code: error.code ?? null, message: error.message },
});

for (const { name, content, n, ask } of cases) {
  const body = { model: "mock-model", n, messages: [{ role: "user", content }], ...ask };
  const told = { name };
  try {
    const stream = client.chat.completions.stream({ ...body, stream_options: { include_usage: true } });
    told.stream = outcome(await stream.finalChatCompletion());
  } catch (error) {
    told.stream = failure(error);
  }
  try {
    told.plain = outcome(await client.chat.completions.create(body));
  } catch (error) {
    told.plain = failure(error);
  }
  console.log(JSON.stringify(told));
}
