#!/usr/bin/env python3
"""Prints Grafana's dashboard: a table of panels here is easier to read, and to change, than the JSON. make-dashboard.py >clarion.json"""
import json

SOURCE = {"type": "prometheus", "uid": "${source}"}
# Title, unit, expressions with their legends. A row's title stands alone.
PANELS = [
    "Vulnerability data",
    ("Age of each feed's last confirmation", "s", [("time() - (clarion_feed_confirmed_timestamp_seconds > 0)", "{{feed}}")]),
    ("Feeds that fail", "short", [("max by (feed) (clarion_feed_failed) == 1", "{{feed}}")]),
    ("Records", "short", [("clarion_feed_records", "{{feed}}")]),
    ("Last run of each feed", "s", [("clarion_feed_update_seconds", "{{feed}}")]),
    "Indexing",
    ("Images", "short", [("clarion_images", "indexed")]),
    ("Manifests", "short", [("clarion_indexing_running", "running"), ("clarion_indexing_waiting", "waiting"),
                            ('clarion_events', "events {{state}}")]),
    ("Layers per second", "ops", [("rate(clarion_layers_read_total[5m])", "read"), ("rate(clarion_layers_reused_total[5m])", "known"),
                                  ("rate(clarion_layers_failed_total[5m])", "failed: {{reason}}")]),
    ("Stages, 95th percentile", "s", [("histogram_quantile(0.95, sum by (le, stage) (rate(clarion_index_stage_duration_seconds_bucket[5m])))",
                                       "{{stage}}")]),
    "API and reports",
    ("Requests per second", "reqps", [("sum by (handler, code) (rate(clarion_http_requests_total[5m]))", "{{handler}} {{code}}")]),
    ("Duration, 95th percentile", "s", [("histogram_quantile(0.95, sum by (le, handler) (rate(clarion_http_request_duration_seconds_bucket[5m])))",
                                         "{{handler}}")]),
    ("Making a report, 95th percentile", "s", [("histogram_quantile(0.95, sum by (le) (rate(clarion_report_duration_seconds_bucket[5m])))", "made")]),
    ("Reports that were finished already", "percentunit", [
        ("rate(clarion_report_cache_hits_total[5m]) / (rate(clarion_report_cache_hits_total[5m]) + rate(clarion_report_cache_misses_total[5m]))", "hits")]),
    "Notifications",
    ("Deliveries", "short", [("clarion_notifier_deliveries", "{{state}}")]),
    ("From update to notification", "s", [("clarion_notifier_age_seconds", "last")]),
    "Process and store",
    ("Memory", "bytes", [("process_resident_memory_bytes", "{{instance}}")]),
    ("Processor", "percentunit", [("rate(process_cpu_seconds_total[5m])", "{{instance}}")]),
    ("Store, 95th percentile", "s", [("histogram_quantile(0.95, sum by (le, kind) (rate(clarion_store_duration_seconds_bucket[5m])))", "{{kind}}")]),
]
WIDTH, HEIGHT = 6, 8


def panels():
    x = y = 0
    for i, panel in enumerate(PANELS, 1):
        if isinstance(panel, str):
            y += HEIGHT if x else 0
            yield {"id": i, "type": "row", "title": panel, "collapsed": False, "panels": [], "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}}
            x, y = 0, y + 1
            continue
        title, unit, expressions = panel
        yield {"id": i, "type": "timeseries", "title": title, "datasource": SOURCE, "gridPos": {"x": x, "y": y, "w": WIDTH, "h": HEIGHT},
               "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
               "targets": [{"refId": chr(65 + n), "expr": e, "legendFormat": legend, "datasource": SOURCE}
                           for n, (e, legend) in enumerate(expressions)]}
        x += WIDTH
        if x == 24:
            x, y = 0, y + HEIGHT


print(json.dumps({
    "title": "Clarion", "uid": "clarion", "schemaVersion": 39, "version": 1, "editable": True, "tags": ["clarion"], "refresh": "1m",
    "time": {"from": "now-24h", "to": "now"}, "timezone": "browser", "annotations": {"list": []},
    "templating": {"list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "current": {}}]},
    "panels": list(panels())}, indent=1))
