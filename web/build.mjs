// Bundles what comes from npm into static/built/, each file with a content hash, and writes manifest.json.
import { build } from "esbuild";
import { readdirSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";

const target = "static/built";
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

const entries = readdirSync("assets").filter((name) => /\.(js|css)$/.test(name)).map((name) => join("assets", name));
const result = await build({
  entryPoints: entries,
  outdir: target,
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  metafile: true,
  charset: "utf8",
  legalComments: "linked",
  target: ["chrome87", "safari15.4", "firefox90"],
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff": "file", ".woff2": "file", ".ttf": "file", ".eot": "file", ".svg": "dataurl" },
});

const manifest = {};
for (const [file, about] of Object.entries(result.metafile.outputs)) {
  if (!about.entryPoint) continue;
  const entry = basename(about.entryPoint);
  manifest[entry] = basename(file);
  if (about.cssBundle) manifest[entry.replace(/\.js$/, ".css")] = basename(about.cssBundle);
}
writeFileSync(join(target, "manifest.json"), JSON.stringify(manifest, null, 1) + "\n");
