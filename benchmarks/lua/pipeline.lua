-- Sixteen requests in one write; wrk counts the answers to each of them.
local depth = 16
local requests

function init()
    requests = string.rep(wrk.format("GET"), depth)
end

function request()
    return requests
end
