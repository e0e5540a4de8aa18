-- POST: a client asks a token for itself.
-- Argument: file with the value of the Authorization header.
function init(args)
   wrk.method = "POST"
   wrk.headers["Authorization"] = io.open(args[1]):read("*l")
   wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
   wrk.body = "grant_type=client_credentials"
end
