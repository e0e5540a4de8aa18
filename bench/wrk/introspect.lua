-- POST: is this token alive? One token after the other, as the client that holds them.
-- Arguments: file with a token per line, file with the value of the Authorization header.
local requests = {}
local turn = 0

function init(args)
   wrk.headers["Authorization"] = io.open(args[2]):read("*l")
   wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
   for token in io.lines(args[1]) do
      requests[#requests + 1] = wrk.format("POST", nil, nil, "token=" .. token)
   end
end

function request()
   turn = turn % #requests + 1
   return requests[turn]
end
