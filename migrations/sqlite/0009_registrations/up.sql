-- What the latest registration told Telegram, beside the address: compared with today's settings, it shows whose webhook is due for another.
ALTER TABLE connections ADD COLUMN registered_kinds TEXT;
ALTER TABLE connections ADD COLUMN registered_max_connections INTEGER;
