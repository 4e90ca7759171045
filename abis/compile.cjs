// Reads standard JSON from standard input, resolves imports from node_modules of the folder given, writes standard JSON.
const fs = require("fs");
const path = require("path");
const modules = path.join(process.argv[2], "node_modules");
const solc = require(path.join(modules, "solc"));
const resolve = (name) => {
  const file = path.join(modules, name);
  return fs.existsSync(file) ? { contents: fs.readFileSync(file, "utf8") } : { error: `no such import: ${name}` };
};
process.stdout.write(solc.compile(fs.readFileSync(0, "utf8"), { import: resolve }));
