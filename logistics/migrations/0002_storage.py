from django.db import migrations


class Migration(migrations.Migration):
    """Room for updates in place, and an eager vacuum where rows turn over all the time."""

    dependencies = [("logistics", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE logistics_package SET (fillfactor = 80)",
            "ALTER TABLE logistics_package RESET (fillfactor)",
        ),
        migrations.RunSQL(
            "ALTER TABLE logistics_interception SET (fillfactor = 85)",
            "ALTER TABLE logistics_interception RESET (fillfactor)",
        ),
        migrations.RunSQL(
            "ALTER TABLE logistics_consignment SET (fillfactor = 80)",
            "ALTER TABLE logistics_consignment RESET (fillfactor)",
        ),
        migrations.RunSQL(
            "ALTER TABLE logistics_consignmentline SET (fillfactor = 80)",
            "ALTER TABLE logistics_consignmentline RESET (fillfactor)",
        ),
        migrations.RunSQL(
            "ALTER TABLE logistics_watch SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
            "ALTER TABLE logistics_watch RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
        ),
        migrations.RunSQL(
            "ALTER TABLE logistics_trackingevent SET (autovacuum_vacuum_insert_scale_factor = 0.05)",
            "ALTER TABLE logistics_trackingevent RESET (autovacuum_vacuum_insert_scale_factor)",
        ),
    ]
