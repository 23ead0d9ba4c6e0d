# Sourced by .ci/run, which has `log`: dyno as npm installs it, in a folder that is empty otherwise.
#
#   installed_package    plan, run, report and gate there; fails where anything is written below node_modules

package_folder=
package_server_pid=

installed_package() {
  log 'dyno from its packed tarball, in an empty folder'
  package_folder=$(mktemp -d)
  npm run --silent build
  npm pack --silent --pack-destination "$package_folder" >/dev/null
  mkdir "$package_folder/work"
  (
    cd "$package_folder/work"
    npm init --yes >/dev/null
    npm install --silent --no-audit --no-fund "$package_folder"/inference-dyno-*.tgz
  )
  package_serve
  package_use
  package_clean
}

# What every command there writes lies in the working directory and in the user's cache folder.
package_use() (
  cd "$package_folder/work"
  export XDG_CACHE_HOME=$package_folder/cache
  package_scenario >scenario.yaml
  local before after
  before=$(package_state)
  npx dyno plan scenarios/smoke.yaml >/dev/null
  npx dyno plan scenario.yaml >/dev/null
  npx dyno run scenario.yaml --quiet
  npx dyno report reports/runs/latest
  npx dyno gate reports/runs/latest
  after=$(package_state)
  [ "$before" = "$after" ] || { diff <(echo "$before") <(echo "$after") >&2; echo 'dyno wrote into node_modules' >&2; return 1; }
  [ -s reports/runs/latest/report.html ] && [ -d "$XDG_CACHE_HOME/dyno/compile-cache" ]
)

package_state() { find node_modules -printf '%p %s %T@\n' | sort; }

# Answers as the Flask app does, one row or several; not at once, so that its rate is far below the load generator's limit.
package_serve() {
  node -e '
    require("http").createServer((request, response) => {
      let body = ""
      request.on("data", (chunk) => (body += chunk)).on("end", () => {
        const rows = request.url === "/predict" ? JSON.parse(body).features : null
        const all = (value) => (Array.isArray(rows[0]) ? rows.map(() => value) : value)
        response.setHeader("content-type", "application/json")
        const answer = rows === null ? { status: "healthy", model_loaded: true }
          : { prediction: all(1), confidence: all(0.75), raw_output: all(0.75) }
        setTimeout(() => response.end(JSON.stringify(answer)), 5)
      })
    }).listen(0, "127.0.0.1", function () { console.log(this.address().port) })
  ' >"$package_folder/port" &
  package_server_pid=$!
  for _ in {1..100}; do [ ! -s "$package_folder/port" ] || return 0; sleep 0.1; done
  echo 'the server of the test does not start' >&2
  return 1
}

package_scenario() {
  cat <<YAML
name: installed
model:
  name: example_model
  inputs: [{ name: keras_tensor, datatype: FP32, shape: [4] }]
  outputs: [{ name: output_0, datatype: FP32, shape: [1] }]
servers: { one: { kind: external, url: "http://127.0.0.1:$(cat "$package_folder/port")" } }
targets: { flask: { server: one, api: flask, protocol: http } }
matrix: { batchSize: [1], load: [{ concurrency: 2 }] }
measure: { warmup: 200ms, duration: 500ms, repetitions: 3 }
gate: { rules: [{ metric: errorRate, max: 0 }, { metric: p50, max: 10s }] }
YAML
}

package_clean() {
  [ -z "$package_server_pid" ] || kill "$package_server_pid" 2>/dev/null || true
  [ -z "$package_folder" ] || rm -rf "$package_folder"
  package_server_pid='' package_folder=''
}
