-- POST: may this user do that to this object? One question after the other.
-- Arguments: file with a question per line, file with the value of the Authorization header.
local requests = {}
local turn = 0

function init(args)
   wrk.headers["Authorization"] = io.open(args[2]):read("*l")
   wrk.headers["Content-Type"] = "application/json"
   for question in io.lines(args[1]) do
      requests[#requests + 1] = wrk.format("POST", nil, nil, question)
   end
end

function request()
   turn = turn % #requests + 1
   return requests[turn]
end
