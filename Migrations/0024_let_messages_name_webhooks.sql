-- One webhook for all messages that name a URL at the same host: its secret, its rate, its health.
create unique index webhook_of_messages on webhook (url) where origin = 2 and state < 4;
