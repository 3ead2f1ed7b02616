// Builds the browser bundles of every app of a bench: node build_assets.mjs BENCH NODE_FOLDER OUT
//
// Frappe's own build tool is not among the sources that the wheel brings, so this does the part of its work that
// Desk needs. OUT receives js/ and css/ with hashed names and assets.json, which maps a bundle's name to its address.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [bench, nodeFolder, out] = process.argv.slice(2).map((argument) => path.resolve(argument));
const require = createRequire(path.join(nodeFolder, "package.json"));
const esbuild = require("esbuild");
const sass = require("sass");
const sfc = require("vue/compiler-sfc");

const nodeModules = path.join(nodeFolder, "node_modules");
const apps = fs.readdirSync(path.join(bench, "apps")).filter((app) => fs.existsSync(packageFolder(app)));

function packageFolder(app) {
	return path.join(bench, "apps", app, app);
}

// Apps import each other's files by package name: "frappe/public/css/bootstrap.css".
function inApp(name) {
	const app = name.split("/")[0];
	const file = path.join(bench, "apps", app, name);
	return apps.includes(app) && fs.existsSync(path.dirname(file)) ? file : null;
}

function compileSass(source, file) {
	const importer = {
		findFileUrl(name) {
			const target = name.startsWith("~") ? path.join(nodeModules, name.slice(1)) : inApp(name);
			return target ? new URL(`file://${target}`) : null;
		},
	};
	const options = {
		importers: [importer],
		loadPaths: [path.dirname(file), nodeModules],
		logger: sass.Logger.silent,
		style: "compressed",
	};
	return sass.compileString(source, { ...options, url: new URL(`file://${file}`) }).css;
}

// Desk asks only for a bundle's .js, never for a .css beside it: styles that scripts import travel in the script.
function styleAsScript(css) {
	return `document.head.append(Object.assign(document.createElement("style"), { textContent: ${JSON.stringify(css)} }));`;
}

function compileVue(file) {
	const { descriptor, errors } = sfc.parse(fs.readFileSync(file, "utf8"), { filename: file });
	if (errors.length) throw errors[0];
	const id = Buffer.from(path.relative(bench, file)).toString("hex").slice(-12);
	const scoped = descriptor.styles.some((style) => style.scoped);
	const parts = [];
	if (descriptor.script || descriptor.scriptSetup) {
		const script = sfc.compileScript(descriptor, { id, inlineTemplate: Boolean(descriptor.scriptSetup) });
		parts.push(sfc.rewriteDefault(script.content, "component"));
	} else {
		parts.push("const component = {};");
	}
	if (descriptor.template && !descriptor.scriptSetup) {
		const options = { id, filename: file, source: descriptor.template.content, scoped };
		const template = sfc.compileTemplate({ ...options, compilerOptions: { scopeId: scoped ? `data-v-${id}` : undefined } });
		parts.push(template.code, "component.render = render;");
	}
	if (scoped) parts.push(`component.__scopeId = "data-v-${id}";`);
	for (const style of descriptor.styles) {
		const source = style.lang === "scss" ? compileSass(style.content, file) : style.content;
		parts.push(styleAsScript(sfc.compileStyle({ source, filename: file, id: `data-v-${id}`, scoped: style.scoped }).code));
	}
	parts.push("export default component;");
	return parts.join("\n");
}

const frappeSources = {
	name: "frappe-sources",
	setup(build) {
		// Served by Frappe under /assets as they are.
		build.onResolve({ filter: /^\/?assets\// }, (args) => ({ path: args.path, external: true }));
		build.onResolve({ filter: /^[a-z_]+\// }, (args) => {
			const file = inApp(args.path);
			if (!file || args.pluginData === "resolved") return null;
			return build.resolve(file, { kind: args.kind, resolveDir: path.dirname(file), pluginData: "resolved" });
		});
		build.onResolve({ filter: /\.css$/ }, async (args) => {
			if (!["import-statement", "require-call"].includes(args.kind) || args.pluginData === "style") return null;
			const options = { kind: args.kind, importer: args.importer, resolveDir: args.resolveDir, pluginData: "style" };
			const { path: file, errors } = await build.resolve(args.path, options);
			return errors.length ? { errors } : { path: file, namespace: "style-in-script" };
		});
		build.onLoad({ filter: /./, namespace: "style-in-script" }, ({ path: file }) => ({
			contents: styleAsScript(fs.readFileSync(file, "utf8")),
		}));
		build.onLoad({ filter: /\.scss$/ }, ({ path: file }) => ({
			contents: compileSass(fs.readFileSync(file, "utf8"), file),
			loader: "css",
			resolveDir: path.dirname(file),
		}));
		build.onLoad({ filter: /\.vue$/ }, ({ path: file }) => ({
			contents: compileVue(file),
			resolveDir: path.dirname(file),
		}));
		// A template is found by its file's name, see frappe.render_template.
		build.onLoad({ filter: /\.html$/ }, ({ path: file }) => {
			const text = fs.readFileSync(file, "utf8").replace(/<!--[\s\S]*?-->/g, "").replace(/\s+/g, " ").trim();
			const name = path.basename(file, ".html");
			// Templates are written to stand between backquotes: an escaped quote in them is a plain one.
			const literal = "`" + text.replace(/`/g, "\\`").replace(/\$\{/g, "\\${") + "`";
			return { contents: `frappe.templates[${JSON.stringify(name)}] = ${literal};` };
		});
	},
};

const entryPoints = {};
for (const app of apps) {
	const folder = path.join(packageFolder(app), "public");
	if (!fs.existsSync(folder)) continue;
	for (const file of fs.readdirSync(folder, { recursive: true })) {
		const bundle = /([^/]+\.bundle)\.(js|ts|css|scss)$/.exec(file);
		if (!bundle || /(^|\/)(node_modules|dist)\//.test(file)) continue;
		const kind = bundle[2].endsWith("css") ? "css" : "js";
		entryPoints[`${kind}/${bundle[1]}`] = path.join(folder, file);
	}
}

const result = await esbuild.build({
	entryPoints,
	entryNames: "[dir]/[name].[hash]",
	outdir: out,
	bundle: true,
	format: "iife",
	target: "es2018",
	minify: true,
	legalComments: "none",
	logLevel: "error",
	metafile: true,
	nodePaths: [nodeModules],
	alias: { vue: path.join(nodeModules, "vue/dist/vue.esm-bundler.js") },
	define: {
		"process.env.NODE_ENV": '"production"',
		__VUE_OPTIONS_API__: "true",
		__VUE_PROD_DEVTOOLS__: "false",
		global: "window",
	},
	loader: { ".svg": "text", ".png": "dataurl", ".woff": "dataurl", ".woff2": "dataurl", ".ttf": "dataurl" },
	external: ["/assets/*"],
	plugins: [frappeSources],
});

const assets = {};
for (const file of Object.keys(result.metafile.outputs)) {
	const [, name, kind] = /([^/]+\.bundle)\.[A-Z0-9]+\.(js|css)$/.exec(file);
	assets[`${name}.${kind}`] = path.relative(out, path.resolve(file)).split(path.sep).join("/");
}
fs.writeFileSync(path.join(out, "assets.json"), JSON.stringify(assets, null, "\t"));
console.log(`${Object.keys(assets).length} bundles`);
