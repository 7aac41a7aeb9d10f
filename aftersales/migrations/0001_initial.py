import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django_fsm
import merchant.encryption.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('logistics', '0001_initial'),
        ('merchant', '0001_initial'),
        ('orders', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=40, verbose_name='case number')),
                ('kind', models.CharField(choices=[('refund_only_unshipped', 'Refund before shipping'), ('refund_only_shipped', 'Refund only, shipped'), ('return_refund', 'Return and refund'), ('exchange', 'Exchange'), ('repair', 'Repair'), ('resend', 'Resend'), ('refused_return', 'Refused parcel comes back'), ('compensation', 'Compensation')], max_length=24, verbose_name='kind')),
                ('origin', models.CharField(choices=[('platform', 'Platform'), ('own', 'Own channel')], max_length=12, verbose_name='origin')),
                ('opened_by', models.CharField(choices=[('buyer', 'Buyer'), ('platform', 'Platform'), ('agent', 'Agent')], max_length=12, verbose_name='opened by')),
                ('state', django_fsm.FSMField(choices=[('applied', 'Waiting for the shop'), ('wait_buyer_reply', "Waiting for the buyer's answer"), ('intercepting', 'Stopping the parcel'), ('refunding', 'Refunding'), ('wait_buyer_return', 'Waiting for the buyer to return'), ('wait_seller_receive', 'Waiting for the return to arrive'), ('inspecting', 'Inspecting'), ('wait_seller_resend', 'Waiting to be sent again'), ('repairing', 'Repairing'), ('wait_buyer_receive', 'Waiting for the buyer to receive'), ('refused', 'Refused by the shop'), ('refused_after_return', 'Refused after the return'), ('platform', 'With the platform'), ('refund_failed', 'Refund failed'), ('success', 'Case settled'), ('closed', 'Case closed'), ('cancelled', 'Withdrawn by the buyer')], default='applied', max_length=24, protected=True, verbose_name='state')),
                ('tag', models.CharField(blank=True, choices=[('', 'No tag'), ('interception_failed', 'Interception failed'), ('result_unknown', 'Result unknown'), ('stopped', 'Parcel stopped, please decide'), ('delivered_anyway', 'Delivered after all'), ('refund_stopped', 'Refund held back'), ('stopped_without_case', 'Stopped without a case'), ('goods_home', 'Goods are back, please decide'), ('goods_differ', 'Goods differ, please decide')], default='', max_length=24, verbose_name='tag')),
                ('tag_reason', models.CharField(blank=True, default='', max_length=64)),
                ('is_before_receipt', models.BooleanField(default=True, verbose_name='before receipt')),
                ('amount_fen', models.BigIntegerField(verbose_name='amount')),
                ('freight_fen', models.BigIntegerField(default=0, verbose_name='freight in the amount')),
                ('reason', models.CharField(blank=True, default='', max_length=200, verbose_name="buyer's reason")),
                ('refusal', models.JSONField(blank=True, default=dict)),
                ('offer', models.JSONField(blank=True, default=dict)),
                ('level', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(null=True, verbose_name='answer due at')),
                ('clock', models.CharField(blank=True, choices=[('', 'No clock'), ('T-AS-HANDLE', 'Shop must answer'), ('T-NEGO', 'Buyer must answer the offer'), ('T-BUYER-RETURN', 'Buyer must send the goods'), ('T-SELLER-RECEIVE', 'Shop must confirm the return'), ('T-INSPECT', 'Goods must be inspected'), ('T-DISPUTE-OPEN', 'Buyer may still call the platform'), ('T-EVIDENCE', 'Evidence is due'), ('T-OFFLINE', 'Refund must be paid another way'), ('T-SHIP', 'Goods must be sent'), ('T-AUTO-RECEIVE', 'Buyer receives'), ('T-STOPPED', 'Somebody must decide about the parcel')], default='', max_length=20)),
                ('is_late', models.BooleanField(default=False, verbose_name='late')),
                ('warned_at', models.DateTimeField(null=True)),
                ('is_auto', models.BooleanField(default=False, verbose_name='settled by rule')),
                ('last_interception_event', models.CharField(blank=True, choices=[('', 'nothing yet'), ('left', 'the case went on without it'), ('failed', 'not stopped'), ('unknown', 'result unknown'), ('withdrawn', 'withdrawn'), ('stopped', 'stopped'), ('delivered_anyway', 'delivered after all')], default='', max_length=20)),
                ('auto_tried_at', models.DateTimeField(null=True)),
                ('platform_sync_at', models.DateTimeField(null=True)),
                ('external_version', models.CharField(blank=True, default='', max_length=32)),
                ('external_status', models.CharField(blank=True, default='', max_length=32)),
                ('policy_version', models.BigIntegerField(null=True)),
                ('round_no', models.PositiveSmallIntegerField(default=1)),
                ('applied_at', models.DateTimeField(verbose_name='applied at')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='closed at')),
                ('version', models.PositiveIntegerField(default=1)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('assignee', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('buyer', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='orders.buyer')),
                ('interception', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='logistics.interception')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='orders.order')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'after-sale case',
                'verbose_name_plural': 'after-sale cases',
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.CreateModel(
            name='CaseLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField(default=1)),
                ('amount_fen', models.BigIntegerField()),
                ('is_open', models.BooleanField(default=True)),
                ('case', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='aftersales.case')),
                ('order_line', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='case_lines', to='orders.orderline')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'case line',
                'verbose_name_plural': 'case lines',
            },
        ),
        migrations.CreateModel(
            name='Inspection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, verbose_name='number')),
                ('result', models.CharField(blank=True, choices=[('', 'to inspect'), ('fine', 'all there and fine'), ('damaged', 'damaged'), ('differs', 'not what was sent')], default='', max_length=12, verbose_name='result')),
                ('note', models.CharField(blank=True, default='', max_length=300, verbose_name='note')),
                ('due_at', models.DateTimeField(verbose_name='due at')),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('done_at', models.DateTimeField(null=True, verbose_name='inspected at')),
                ('done_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'inspection',
                'verbose_name_plural': 'inspections',
            },
        ),
        migrations.CreateModel(
            name='InspectionLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(blank=True, default='', max_length=200, verbose_name='what it is')),
                ('expected', models.PositiveIntegerField(default=0, verbose_name='expected')),
                ('sellable', models.PositiveIntegerField(default=0, verbose_name='fine')),
                ('defective', models.PositiveIntegerField(default=0, verbose_name='damaged')),
                ('missing', models.PositiveIntegerField(default=0, verbose_name='missing')),
                ('other', models.PositiveIntegerField(default=0, verbose_name='something else')),
                ('cost_fen', models.BigIntegerField(null=True, verbose_name='cost price')),
                ('inspection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='aftersales.inspection')),
                ('order_line', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.orderline')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
                ('sku', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.sku')),
            ],
            options={
                'verbose_name': 'inspection line',
                'verbose_name_plural': 'inspection lines',
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=32, verbose_name='refund number')),
                ('kind', models.CharField(choices=[('refund', 'Refund'), ('compensation', 'Compensation')], default='refund', max_length=16, verbose_name='kind')),
                ('source', models.CharField(choices=[('interception', 'Parcel stopped'), ('manual', 'Agreed by a person'), ('timer', 'Shop answered too late'), ('benefit', 'Promise to the buyer'), ('cancel', 'Order cancelled'), ('platform', 'Moved by the platform'), ('auto', 'By rule')], max_length=16, verbose_name='source')),
                ('channel', models.CharField(max_length=24, verbose_name='channel')),
                ('state', django_fsm.FSMField(choices=[('created', 'Waiting for a second person'), ('approved', 'Approved'), ('processing', 'Paying'), ('success', 'Refunded'), ('wait_funds', 'Waiting for funds'), ('abnormal', 'Cannot be paid in'), ('closed', 'Closed unpaid'), ('rejected', 'Rejected'), ('void', 'Void'), ('offline_done', 'Paid offline')], default='created', max_length=24, protected=True, verbose_name='state')),
                ('amount_fen', models.BigIntegerField(verbose_name='amount')),
                ('freight_fen', models.BigIntegerField(default=0, verbose_name='freight in the amount')),
                ('channel_number', models.CharField(blank=True, default='', max_length=64, verbose_name="channel's number")),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('next_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent at')),
                ('funds_short_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled at')),
                ('due_at', models.DateTimeField(null=True, verbose_name='due')),
                ('outcome', models.CharField(blank=True, choices=[('success', 'the money has moved'), ('processing', 'being paid'), ('not_payable', 'cannot be paid any more'), ('wait_funds', 'balance too low'), ('abnormal', "buyer's account cannot receive"), ('closed', 'closed by the channel'), ('unknown_number', 'channel does not know the number'), ('throttled', 'channel asks to come later'), ('refused', 'channel refused the call'), ('unknown', 'no answer')], default='', max_length=16, verbose_name='last answer')),
                ('went_to', models.CharField(blank=True, choices=[('balance', "the wallet's balance"), ('card', 'a bank card')], default='', max_length=12, verbose_name='paid to')),
                ('payout_proof', models.JSONField(blank=True, default=dict)),
                ('error', models.CharField(blank=True, default='', max_length=300)),
                ('reason', models.CharField(blank=True, default='', max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('approved_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='aftersales.case')),
                ('created_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('interception', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='logistics.interception')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.order')),
                ('payment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.payment')),
                ('payout_approved_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('payout_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('released_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('replaces', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='successor', to='aftersales.refund')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'refund',
                'verbose_name_plural': 'refunds',
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.CreateModel(
            name='RefundCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempt', models.PositiveIntegerField()),
                ('operation', models.CharField(max_length=12)),
                ('request', merchant.encryption.fields.EncryptedJSON(null=True)),
                ('answer', merchant.encryption.fields.EncryptedJSON(null=True)),
                ('outcome', models.CharField(max_length=16)),
                ('at', models.DateTimeField()),
                ('answered_at', models.DateTimeField()),
                ('refund', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='aftersales.refund')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'channel call',
                'verbose_name_plural': 'channel calls',
            },
        ),
        migrations.CreateModel(
            name='RefundLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_fen', models.BigIntegerField()),
                ('breakdown', models.JSONField(blank=True, default=dict)),
                ('order_line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refund_lines', to='orders.orderline')),
                ('refund', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='aftersales.refund')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'refund line',
                'verbose_name_plural': 'refund lines',
            },
        ),
        migrations.CreateModel(
            name='RefundWish',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(null=True, verbose_name='buyer asked at')),
                ('way', models.CharField(blank=True, choices=[('original', 'the way it was paid'), ('balance', "to the wallet's balance"), ('other_card', 'to another card'), ('offline', 'outside the channel')], default='', max_length=12, verbose_name='way')),
                ('note', models.CharField(blank=True, default='', max_length=200, verbose_name="the buyer's words")),
                ('told_at', models.DateTimeField(null=True, verbose_name='told at')),
                ('granted_at', models.DateTimeField(null=True, verbose_name='granted at')),
                ('asked_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='wishes', to='aftersales.case')),
                ('granted_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refund_wishes', to='orders.order')),
                ('refund', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='wishes', to='aftersales.refund')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
                ('told_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': "buyer's wish",
                'verbose_name_plural': "buyers' wishes",
            },
        ),
        migrations.CreateModel(
            name='ReturnParcel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20, verbose_name='number')),
                ('kind', models.CharField(choices=[('stopped', 'stopped on the road'), ('refused', 'refused at the door'), ('buyer', 'sent back by the buyer'), ('bench', 'never sent'), ('unannounced', 'not announced')], max_length=16, verbose_name='why it is here')),
                ('courier', models.CharField(blank=True, default='', max_length=16, verbose_name='courier')),
                ('waybill', models.CharField(max_length=40, verbose_name='tracking number')),
                ('note', models.CharField(blank=True, default='', max_length=300, verbose_name='note')),
                ('announced_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('received_at', models.DateTimeField(null=True, verbose_name='received at')),
                ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='return_parcels', to='aftersales.case')),
                ('order', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='return_parcels', to='orders.order')),
                ('package', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='logistics.package')),
                ('received_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'return parcel',
                'verbose_name_plural': 'return parcels',
            },
        ),
        migrations.AddField(
            model_name='inspection',
            name='parcel',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='inspection', to='aftersales.returnparcel'),
        ),
        migrations.CreateModel(
            name='StatementFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(blank=True, default='', max_length=24, verbose_name='channel')),
                ('name', models.CharField(max_length=200, verbose_name='file name')),
                ('digest', models.CharField(max_length=64)),
                ('body', merchant.encryption.fields.EncryptedBytes(null=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting to be read'), ('read', 'Read'), ('failed', 'Could not be read')], default='waiting', max_length=12, verbose_name='state')),
                ('error', models.CharField(blank=True, default='', max_length=300, verbose_name='error')),
                ('layout', models.CharField(blank=True, default='', max_length=40, verbose_name='layout')),
                ('from_date', models.DateField(null=True, verbose_name='from')),
                ('to_date', models.DateField(null=True, verbose_name='until')),
                ('row_count', models.PositiveIntegerField(default=0, verbose_name='rows')),
                ('new_count', models.PositiveIntegerField(default=0, verbose_name='new rows')),
                ('refused_count', models.PositiveIntegerField(default=0, verbose_name='refused rows')),
                ('refused', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='came')),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'statement',
                'verbose_name_plural': 'statements',
            },
        ),
        migrations.CreateModel(
            name='StatementRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=24, verbose_name='channel')),
                ('row_no', models.PositiveIntegerField()),
                ('flow_number', models.CharField(max_length=64, verbose_name="channel's flow number")),
                ('booked_at', models.DateTimeField(verbose_name='booked at')),
                ('book_date', models.DateField(verbose_name='day')),
                ('kind', models.CharField(choices=[('refund', 'refund'), ('refund_back', 'refund that came back'), ('income', 'income'), ('other', 'something else')], max_length=16, verbose_name='kind')),
                ('amount_fen', models.BigIntegerField(verbose_name='amount')),
                ('channel_number', models.CharField(blank=True, db_default='', max_length=64)),
                ('our_number', models.CharField(blank=True, db_default='', max_length=64)),
                ('file', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='aftersales.statementfile')),
                ('refund', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='statement_rows', to='aftersales.refund')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'statement row',
                'verbose_name_plural': 'statement rows',
            },
        ),
        migrations.CreateModel(
            name='Difference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=24, verbose_name='channel')),
                ('kind', models.CharField(choices=[('unknown', 'The channel paid, we know of no such refund'), ('amount', 'Paid another amount than ours'), ('twice', 'Paid twice for one refund'), ('not_settled', 'The channel paid, our refund is not settled'), ('missing', 'We hold it for paid, the statement does not have it'), ('unbooked', 'Paid on both sides, missing in the ledger')], max_length=16, verbose_name='kind')),
                ('document', models.CharField(max_length=64)),
                ('book_date', models.DateField(verbose_name='day')),
                ('theirs_fen', models.BigIntegerField(verbose_name="the channel's amount")),
                ('ours_fen', models.BigIntegerField(verbose_name='our amount')),
                ('state', models.CharField(choices=[('open', 'Open'), ('explained', 'Explained'), ('written_off', 'Written off'), ('gone', 'Settled by itself')], default='open', max_length=12, verbose_name='state')),
                ('note', models.CharField(blank=True, default='', max_length=300, verbose_name='note')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled at')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('filed_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('settled_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
                ('refund', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='differences', to='aftersales.refund')),
                ('row', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='differences', to='aftersales.statementrow')),
            ],
            options={
                'verbose_name': 'difference',
                'verbose_name_plural': 'differences',
            },
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['shop', 'state', 'applied_at', 'id'], name='case_tab'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('state__in', ['applied', 'wait_buyer_reply', 'intercepting', 'refunding', 'wait_buyer_return', 'wait_seller_receive', 'inspecting', 'wait_seller_resend', 'repairing', 'wait_buyer_receive', 'refused', 'refused_after_return', 'platform', 'refund_failed'])), fields=['assignee', 'due_at'], name='case_mine_due'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('state__in', ['applied', 'wait_buyer_reply', 'intercepting', 'refunding', 'wait_buyer_return', 'wait_seller_receive', 'inspecting', 'wait_seller_resend', 'repairing', 'wait_buyer_receive', 'refused', 'refused_after_return', 'platform', 'refund_failed'])), fields=['shop', 'due_at'], name='case_shop_due'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('state__in', ['applied', 'wait_buyer_reply', 'intercepting', 'refunding', 'wait_buyer_return', 'wait_seller_receive', 'inspecting', 'wait_seller_resend', 'repairing', 'wait_buyer_receive', 'refused', 'refused_after_return', 'platform', 'refund_failed'])), fields=['due_at'], name='case_due'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('state__in', ['applied', 'wait_buyer_reply', 'intercepting', 'refunding', 'wait_buyer_return', 'wait_seller_receive', 'inspecting', 'wait_seller_resend', 'repairing', 'wait_buyer_receive', 'refused', 'refused_after_return', 'platform', 'refund_failed'])), fields=['order'], name='case_open_order'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['buyer', 'applied_at'], name='case_buyer'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('interception__isnull', False)), fields=['interception'], name='case_interception'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('auto_tried_at__isnull', True), ('kind', 'refund_only_shipped'), ('state', 'applied')), fields=['shop'], name='case_to_try'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('platform_sync_at__isnull', False)), fields=['platform_sync_at'], name='case_to_tell'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('tag', ''), _negated=True), fields=['shop', 'tag', 'due_at'], name='case_tagged'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(fields=('shop', 'number'), name='case_number_once'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gte', 0)), name='case_amount_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0), models.Q(('kind__in', ['refund_only_unshipped', 'refund_only_shipped', 'compensation']), _negated=True), _connector='OR'), name='case_money_kind_has_amount'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('freight_fen__gte', 0), ('freight_fen__lte', models.F('amount_fen'))), name='case_freight_within_amount'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['success', 'closed', 'cancelled']), models.Q(('due_at__isnull', False), models.Q(('clock', ''), _negated=True)), _connector='OR'), name='case_open_has_clock'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state__in', ['applied', 'wait_buyer_reply', 'intercepting', 'refunding', 'wait_buyer_return', 'wait_seller_receive', 'inspecting', 'wait_seller_resend', 'repairing', 'wait_buyer_receive', 'refused', 'refused_after_return', 'platform', 'refund_failed'])), models.Q(('closed_at__isnull', False), ('state__in', ['success', 'closed', 'cancelled'])), _connector='OR'), name='case_closed_has_time'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['applied', 'wait_buyer_reply', 'intercepting', 'refunding', 'wait_buyer_return', 'wait_seller_receive', 'inspecting', 'wait_seller_resend', 'repairing', 'wait_buyer_receive', 'refused', 'refused_after_return', 'platform', 'refund_failed', 'success', 'closed', 'cancelled'])), name='case_state_known'),
        ),
        migrations.AddIndex(
            model_name='caseline',
            index=models.Index(fields=['order_line'], name='case_line_order_line'),
        ),
        migrations.AddConstraint(
            model_name='caseline',
            constraint=models.UniqueConstraint(fields=('case', 'order_line'), name='case_line_once'),
        ),
        migrations.AddConstraint(
            model_name='caseline',
            constraint=models.UniqueConstraint(condition=models.Q(('is_open', True)), fields=('order_line',), name='case_line_one_open'),
        ),
        migrations.AddConstraint(
            model_name='caseline',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gte', 0)), name='case_line_amount_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='inspectionline',
            constraint=models.UniqueConstraint(condition=models.Q(('order_line__isnull', False)), fields=('inspection', 'order_line'), name='inspection_line_once'),
        ),
        migrations.AddConstraint(
            model_name='inspectionline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('expected', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('sellable'), '+', models.F('defective')), '+', models.F('missing'))), ('order_line__isnull', False), ('other', 0)), models.Q(('defective', 0), ('expected', 0), ('missing', 0), ('order_line__isnull', True), ('other__gt', 0), ('sellable', 0)), _connector='OR'), name='inspection_line_adds_up'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('state__in', ['approved', 'processing', 'wait_funds'])), fields=['next_at'], name='refund_next'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['shop', 'state', 'created_at'], name='refund_tab'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('approved_by__isnull', False)), fields=['approved_by', 'created_at'], name='refund_by_person'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('interception__isnull', False)), fields=['interception'], name='refund_interception'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(fields=('shop', 'number'), name='refund_number_once'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['created', 'approved', 'processing', 'success', 'wait_funds', 'abnormal', 'offline_done'])), fields=('case',), name='refund_one_live_per_case'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='refund_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('freight_fen__gte', 0), ('freight_fen__lte', models.F('amount_fen'))), name='refund_freight_within_amount'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('channel', ''), _negated=True), name='refund_channel_named'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('payout_approved_by__isnull', True), models.Q(('payout_approved_by', models.F('payout_by')), _negated=True), _connector='OR'), name='refund_second_person_payout'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'offline_done'), _negated=True), models.Q(('payout_by__isnull', False), ('payout_approved_by__isnull', False)), _connector='OR'), name='refund_offline_has_two_people'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['processing', 'wait_funds']), _negated=True), ('next_at__isnull', False), _connector='OR'), name='refund_in_flight_has_clock'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['success', 'offline_done']), _negated=True), ('settled_at__isnull', False), _connector='OR'), name='refund_paid_has_time'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['created', 'approved', 'processing', 'success', 'wait_funds', 'abnormal', 'closed', 'rejected', 'void', 'offline_done'])), name='refund_state_known'),
        ),
        migrations.AddConstraint(
            model_name='refundcall',
            constraint=models.UniqueConstraint(fields=('refund', 'attempt'), name='refund_call_once'),
        ),
        migrations.AddConstraint(
            model_name='refundline',
            constraint=models.UniqueConstraint(fields=('refund', 'order_line'), name='refund_line_once'),
        ),
        migrations.AddConstraint(
            model_name='refundline',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='refund_line_positive'),
        ),
        migrations.AddConstraint(
            model_name='refundwish',
            constraint=models.CheckConstraint(condition=models.Q(('asked_at__isnull', False), models.Q(models.Q(('way', ''), _negated=True), ('told_at__isnull', False)), _connector='OR'), name='wish_asked_or_told'),
        ),
        migrations.AddConstraint(
            model_name='refundwish',
            constraint=models.CheckConstraint(condition=models.Q(('granted_by__isnull', True), models.Q(('granted_by', models.F('told_by')), _negated=True), _connector='OR'), name='wish_second_person'),
        ),
        migrations.AddIndex(
            model_name='returnparcel',
            index=models.Index(fields=['shop', 'received_at', 'id'], name='return_parcel_newest'),
        ),
        migrations.AddIndex(
            model_name='returnparcel',
            index=models.Index(condition=models.Q(('order__isnull', True)), fields=['shop', 'received_at'], name='return_parcel_unmatched'),
        ),
        migrations.AddConstraint(
            model_name='returnparcel',
            constraint=models.UniqueConstraint(fields=('shop', 'number'), name='return_parcel_number_once'),
        ),
        migrations.AddConstraint(
            model_name='returnparcel',
            constraint=models.UniqueConstraint(condition=models.Q(('package__isnull', False)), fields=('package',), name='return_parcel_one_a_package'),
        ),
        migrations.AddConstraint(
            model_name='returnparcel',
            constraint=models.UniqueConstraint(condition=models.Q(('package__isnull', True)), fields=('shop', 'waybill'), name='return_parcel_unknown_once'),
        ),
        migrations.AddConstraint(
            model_name='returnparcel',
            constraint=models.CheckConstraint(condition=models.Q(('order__isnull', False), ('kind', 'unannounced'), _connector='OR'), name='return_parcel_without_order_is_unannounced'),
        ),
        migrations.AddIndex(
            model_name='inspection',
            index=models.Index(condition=models.Q(('done_at__isnull', True)), fields=['shop', 'due_at'], name='inspection_due'),
        ),
        migrations.AddConstraint(
            model_name='inspection',
            constraint=models.UniqueConstraint(fields=('shop', 'number'), name='inspection_number_once'),
        ),
        migrations.AddConstraint(
            model_name='inspection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', True), ('result', '')), models.Q(('done_at__isnull', False), models.Q(('result', ''), _negated=True)), _connector='OR'), name='inspection_done_has_result'),
        ),
        migrations.AddIndex(
            model_name='statementfile',
            index=models.Index(fields=['shop', 'created_at'], name='statement_file_list'),
        ),
        migrations.AddIndex(
            model_name='statementfile',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['created_at'], name='statement_file_due'),
        ),
        migrations.AddConstraint(
            model_name='statementfile',
            constraint=models.UniqueConstraint(fields=('shop', 'digest'), name='statement_file_once'),
        ),
        migrations.AddIndex(
            model_name='statementrow',
            index=models.Index(fields=['shop', 'channel', 'book_date'], name='statement_row_day'),
        ),
        migrations.AddConstraint(
            model_name='statementrow',
            constraint=models.UniqueConstraint(fields=('shop', 'channel', 'flow_number'), name='statement_row_once'),
        ),
        migrations.AddConstraint(
            model_name='statementrow',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gte', 0)), name='statement_row_positive'),
        ),
        migrations.AddIndex(
            model_name='difference',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['shop', 'book_date'], name='difference_open'),
        ),
        migrations.AddIndex(
            model_name='difference',
            index=models.Index(fields=['shop', 'created_at'], name='difference_list'),
        ),
        migrations.AddConstraint(
            model_name='difference',
            constraint=models.UniqueConstraint(fields=('shop', 'channel', 'kind', 'document'), name='difference_once'),
        ),
        migrations.AddConstraint(
            model_name='difference',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'written_off'), _negated=True), models.Q(('filed_by__isnull', False), ('settled_by__isnull', False), models.Q(('filed_by', models.F('settled_by')), _negated=True)), _connector='OR'), name='difference_written_off_by_two'),
        ),
    ]
