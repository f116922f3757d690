DROP TABLE bot_health_sweep;
DROP TABLE bot_health_changes;
DROP TABLE bot_health;
