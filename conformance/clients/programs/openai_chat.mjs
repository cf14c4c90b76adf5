// The loop of OpenAI's Node SDK as routers' pages print it: what is not there is no text.
import { createRequire } from "node:module"
import { createInterface } from "node:readline"

const { OpenAI } = createRequire(process.argv[2])("openai")

async function* texts({ url, model, key }) {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })
  const messages = [{ role: "user", content: "Hi" }]
  const stream = await client.chat.completions.create({ model, messages, stream: true })
  for await (const chunk of stream) yield chunk.choices[0]?.delta?.content
}

for await (const line of createInterface({ input: process.stdin })) {
  let text = "", error = ""
  try {
    for await (const piece of texts(JSON.parse(line))) text += piece ?? ""
  } catch (broken) {
    error = `${broken.constructor.name}: ${broken.message}`
  }
  console.log(JSON.stringify({ text, error }))
}
