// Reads {baseUrl, cases: [{name, content, config}]} from standard input and prints, a line per case,
// what the official SDK ends up with: streamed, plain, or the error it throws.
import { readFileSync } from "node:fs";
import { GoogleGenAI } from "@google/genai";

const { baseUrl, cases } = JSON.parse(readFileSync(0, "utf8"));
const { models } = new GoogleGenAI({ apiKey: "sk-witness", httpOptions: { baseUrl } });

// The SDK adds nothing up: a client of its streams does it like this.
const candidate = (chunks, index) => {
  const own = chunks.flatMap((chunk) => chunk.candidates ?? []).filter((each) => (each.index ?? 0) === index);
  const parts = own.flatMap((each) => each.content?.parts ?? []);
  const joined = (wanted) => parts.filter(wanted).map((part) => part.text).join("");
  return {
    text: joined((part) => part.text && !part.thought),
    reasoning: joined((part) => part.text && part.thought),
    signatures: parts.flatMap((part) => (part.thoughtSignature ? [part.thoughtSignature] : [])),
    calls: parts.flatMap(({ functionCall }) =>
      functionCall ? [[functionCall.id, functionCall.name, functionCall.args]] : [],
    ),
    sources: own
      .flatMap((each) => (each.groundingMetadata ? [each.groundingMetadata] : []))
      .slice(-1)
      .flatMap((metadata) => metadata.groundingChunks.map((chunk) => chunk.web.uri)),
    logprobs: own
      .flatMap((each) => each.logprobsResult?.chosenCandidates ?? [])
      .map((chosen) => chosen.token),
    finish: own.flatMap((each) => (each.finishReason ? [each.finishReason] : [])),
  };
};

const counts = (usage) =>
  usage && [
    usage.promptTokenCount,
    usage.candidatesTokenCount ?? 0,
    usage.thoughtsTokenCount ?? 0,
    usage.cachedContentTokenCount ?? 0,
    usage.totalTokenCount,
  ];

const outcome = (chunks) => {
  const found = chunks.flatMap((chunk) => chunk.candidates ?? []).map((each) => each.index ?? 0);
  return {
    candidates: [...new Set(found)].sort().map((index) => candidate(chunks, index)),
    usage: counts(chunks.flatMap((chunk) => chunk.usageMetadata ?? []).at(-1)) ?? null,
    ids: [...new Set(chunks.map((chunk) => chunk.responseId))],
    models: [...new Set(chunks.map((chunk) => chunk.modelVersion))],
  };
};

const failure = (error) => ({ status: error.status ?? null, message: error.message });

for (const { name, content, config } of cases) {
  const request = { model: "mock-model", contents: content, config };
  const told = { name };
  const chunks = [];
  try {
    for await (const chunk of await models.generateContentStream(request)) chunks.push(chunk);
    told.stream = outcome(chunks);
  } catch (error) {
    told.stream = { error: failure(error), chunks: chunks.length };
  }
  try {
    told.plain = outcome([await models.generateContent(request)]);
  } catch (error) {
    told.plain = { error: failure(error) };
  }
  console.log(JSON.stringify(told));
}
