DROP TABLE event_deliveries;
DROP TABLE platform_events;
DROP TABLE event_endpoints;
