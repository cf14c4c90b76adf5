// The gateway has no option for the address it listens on and takes every one.
const net = require("net")
const { listen } = net.Server.prototype
net.Server.prototype.listen = function (where, ...rest) {
  if (where && typeof where === "object") return listen.call(this, { ...where, host: "127.0.0.1" }, ...rest)
  const others = rest.filter((each) => typeof each !== "string")
  return listen.call(this, Number(where), "127.0.0.1", ...others)
}
