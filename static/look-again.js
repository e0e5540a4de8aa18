// A page about something that is going on looks again, until there is nothing more to see.
setTimeout(() => location.reload(), 1000);
