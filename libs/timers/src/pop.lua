-- Takes out what has come due, the earliest first, and tells when the next one will.
-- KEYS[1] the sorted set; ARGV[1] now, by the caller's clock; ARGV[2] how many at most.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
for i = 1, #due, 2 do
    redis.call('ZREM', KEYS[1], due[i])
end
local following = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {due, following[2] or false}
