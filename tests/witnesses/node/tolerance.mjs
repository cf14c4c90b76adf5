// Reads {surface, cases: [{name, body}]} from standard input, each body in base64, and prints, a
// line per case, what the official SDK makes of it: event by event and put together.
import { readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";
import { ApiError, GoogleGenAI } from "@google/genai";
import OpenAI from "openai";

const { surface, cases } = JSON.parse(readFileSync(0, "utf8"));
const messages = [{ role: "user", content: "Hello?" }];

const answering = (body) => async () =>
  new Response(body, { status: 200, headers: { "content-type": "text/event-stream" } });

const told = async (read, api) => {
  try {
    return await read();
  } catch (error) {
    const said = `${error.name}: ${error.message}`.slice(0, 90);
    return { error: said, api: error.constructor !== OpenAI.OpenAIError && error instanceof api };
  }
};

const openai = (body) => new OpenAI({ apiKey: "sk-witness", maxRetries: 0, fetch: answering(body) });

const chat = {
  chunks: async (body) => {
    const stream = await openai(body).chat.completions.create({ model: "m", messages, stream: true });
    const choices = {};
    let usage = null;
    for await (const chunk of stream) {
      for (const choice of chunk.choices) {
        const said = (choices[choice.index] ??= { text: "", finish: null });
        said.text += choice.delta.content ?? "";
        said.finish = choice.finish_reason || said.finish;
      }
      usage = chunk.usage?.total_tokens ?? usage;
    }
    return { choices: Object.values(choices), usage };
  },
  whole: async (body) => {
    const stream = openai(body).chat.completions.stream({ model: "m", messages });
    const whole = await stream.finalChatCompletion();
    const choices = whole.choices.map((choice) => ({
      text: choice.message.content ?? "",
      finish: choice.finish_reason,
      calls: (choice.message.tool_calls ?? []).map((call) => [
        call.id ?? null,
        call.function?.name ?? null,
        call.function?.arguments ?? null,
      ]),
    }));
    return { choices, usage: whole.usage?.total_tokens ?? null };
  },
  api: OpenAI.APIError,
};

const joined = (response) => ({
  choices: [{
    text: response.output_text ?? "",
    finish: response.status,
    calls: response.output
      .filter((item) => item.type === "function_call")
      .map((item) => [item.call_id ?? null, item.name ?? null, item.arguments ?? null]),
  }],
  usage: response.usage?.total_tokens ?? null,
});

const responses = {
  events: async (body) => {
    const stream = await openai(body).responses.create({ model: "m", input: "Hello?", stream: true });
    const said = { text: "", finish: null };
    let usage = null;
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") said.text += event.delta;
      if (ENDS.includes(event.type)) {
        said.finish = event.response.status;
        usage = event.response.usage?.total_tokens ?? null;
      }
    }
    return { choices: [said], usage };
  },
  whole: async (body) =>
    joined(await openai(body).responses.stream({ model: "m", input: "Hello?" }).finalResponse()),
  api: OpenAI.APIError,
};
const ENDS = ["response.completed", "response.incomplete", "response.failed"];

const anthropic = (body) =>
  new Anthropic({ apiKey: "sk-witness", maxRetries: 0, fetch: answering(body) });
const question = { model: "m", max_tokens: 9, messages };

const texts = (blocks) => blocks.map((block) => (block.type === "text" ? block.text : "")).join("");

const anthropics = {
  events: async (body) => {
    const stream = await anthropic(body).messages.create({ ...question, stream: true });
    const said = { text: "", finish: null };
    let usage = null;
    for await (const event of stream) {
      if (event.type === "content_block_delta" && event.delta.type === "text_delta") {
        said.text += event.delta.text;
      }
      if (event.type === "message_delta") {
        said.finish = event.delta.stop_reason ?? said.finish;
        usage = event.usage.output_tokens ?? null;
      }
    }
    return { choices: [said], usage };
  },
  whole: async (body) => {
    const message = await anthropic(body).messages.stream(question).finalMessage();
    const calls = message.content
      .filter((block) => block.type === "tool_use")
      .map((block) => [block.id ?? null, block.name ?? null, JSON.stringify(block.input)]);
    const said = { text: texts(message.content), finish: message.stop_reason ?? null, calls };
    return { choices: [said], usage: message.usage.output_tokens ?? null };
  },
  api: Anthropic.APIError,
};

const gemini = {
  events: async (body) => {
    globalThis.fetch = answering(body);
    const client = new GoogleGenAI({ apiKey: "sk-witness" });
    const stream = await client.models.generateContentStream({ model: "m", contents: "Hello?" });
    const choices = {};
    let usage = null;
    for await (const event of stream) {
      for (const [at, candidate] of (event.candidates ?? []).entries()) {
        const said = (choices[candidate.index ?? at] ??= { text: "", finish: null, calls: [] });
        for (const part of candidate.content?.parts ?? []) {
          if (part.text && !part.thought) said.text += part.text;
          const call = part.functionCall;
          if (call) said.calls.push([call.id ?? "", call.name, JSON.stringify(call.args ?? {})]);
        }
        said.finish = candidate.finishReason ?? said.finish;
      }
      usage = event.usageMetadata?.totalTokenCount ?? usage;
    }
    return { choices: Object.values(choices), usage };
  },
  api: ApiError,
};

const { api, ...ways } = { chat, responses, messages: anthropics, gemini }[surface];
for (const { name, body } of cases) {
  const read = {};
  for (const [way, reading] of Object.entries(ways)) {
    read[way] = await told(() => reading(Buffer.from(body, "base64")), api);
  }
  console.log(JSON.stringify({ name, ...read }));
}
