-- GET with one bearer token after the other.
-- Argument: file with a token per line.
local requests = {}
local turn = 0

function init(args)
   for token in io.lines(args[1]) do
      wrk.headers["Authorization"] = "Bearer " .. token
      requests[#requests + 1] = wrk.format("GET")
   end
end

function request()
   turn = turn % #requests + 1
   return requests[turn]
end
