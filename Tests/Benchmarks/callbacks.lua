-- Infobip callbacks for wrk: BATCH delivery reports in each (1 unless set), every message a new one,
-- with the Basic credentials of the demo.json that DEMO names (.waybill-demo/demo.json unless set).
-- See README.md beside this file.

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(text)
  local out = {}
  for start = 1, #text, 3 do
    local a, b, c = text:byte(start, start + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    for place = 0, 3 do
      local value = math.floor(bits / 64 ^ (3 - place)) % 64
      local isPadding = (place == 2 and not b) or (place == 3 and not c)
      out[#out + 1] = isPadding and "=" or alphabet:sub(value + 1, value + 1)
    end
  end
  return table.concat(out)
end

local function credentials()
  local path = os.getenv("DEMO") or ".waybill-demo/demo.json"
  local file = assert(io.open(path), path .. " is missing: is the demo running?")
  local infobip = assert(file:read("*a"):match('"infobip"%s*:%s*(%b{})'), path .. " is damaged")
  file:close()
  local function member(name)
    return assert(infobip:match('"' .. name .. '"%s*:%s*"([^"]*)"'), name .. " is missing")
  end
  return member("user") .. ":" .. member("password")
end

local report = '{"bulkId":"%s","messageId":"%s-%d","to":"447700900123","from":"Waybill",'
  .. '"sentAt":"2026-11-20T09:15:00.100+0000","doneAt":"2026-11-20T09:15:04.913+0000",'
  .. '"smsCount":1,"mccMnc":"23415","price":{"pricePerMessage":0.01,"currency":"EUR"},'
  .. '"status":{"groupId":3,"groupName":"DELIVERED","id":5,"name":"DELIVERED_TO_HANDSET",'
  .. '"description":"Message delivered to handset"},'
  .. '"error":{"groupId":0,"groupName":"OK","id":0,"name":"NO_ERROR","description":"No Error",'
  .. '"permanent":false}}'

local threads = 0

-- Runs once for each of wrk's threads, before they start: no two make the same ids.
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init()
  batch = tonumber(os.getenv("BATCH") or "1")
  run = string.format("bench-%d-%d", os.time(), number)
  made = 0
  headers = {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Basic " .. base64(credentials()),
  }
end

function request()
  local results = {}
  for index = 1, batch do
    made = made + 1
    results[index] = report:format(run, run, made)
  end
  local body = '{"results":[' .. table.concat(results, ",") .. "]}"
  return wrk.format("POST", nil, headers, body)
end

function done(summary, latency)
  local size = tonumber(os.getenv("BATCH") or "1")
  local seconds = summary.duration / 1e6
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout
  local stored = summary.requests - summary.errors.status
  print(string.format(
    "%d report(s) a callback: %.0f callbacks/s, %.0f reports/s, p50 %.2f ms, p99 %.2f ms, %d failed",
    size, stored / seconds, stored * size / seconds, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, failed))
end
