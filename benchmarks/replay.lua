-- Sends the requests of a file in their order, one line each: signed ones can be sent once only.
local requests = {}
local sent = 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("GET", line)
  end
end

function request()
  sent = sent + 1
  return requests[sent]
end
