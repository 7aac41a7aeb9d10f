from django.db import migrations


class Migration(migrations.Migration):
    """Storage settings of hot and of append-only tables (reasons: docs/decisions)."""

    dependencies = [("merchant", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql=[
                "ALTER TABLE merchant_piiquotaday SET (fillfactor = 50)",
                "ALTER TABLE merchant_inboxtask SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
                "ALTER TABLE merchant_stock SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
                "ALTER TABLE merchant_stockmove SET (autovacuum_vacuum_insert_scale_factor = 0.05)",
                "ALTER TABLE merchant_activity SET (autovacuum_vacuum_insert_scale_factor = 0.05)",
                "ALTER TABLE merchant_ledgerentry SET (autovacuum_vacuum_insert_scale_factor = 0.05)",
            ],
            reverse_sql=[
                "ALTER TABLE merchant_piiquotaday RESET (fillfactor)",
                "ALTER TABLE merchant_inboxtask RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
                "ALTER TABLE merchant_stock RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)",
                "ALTER TABLE merchant_stockmove RESET (autovacuum_vacuum_insert_scale_factor)",
                "ALTER TABLE merchant_activity RESET (autovacuum_vacuum_insert_scale_factor)",
                "ALTER TABLE merchant_ledgerentry RESET (autovacuum_vacuum_insert_scale_factor)",
            ],
        )
    ]
