import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.text
import django_fsm
import merchant.encryption.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchant', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Buyer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(max_length=128, verbose_name='buyer on the platform')),
                ('nickname', models.CharField(blank=True, db_default='', default='', max_length=80, verbose_name='nickname')),
                ('credit_score', models.SmallIntegerField(db_default=100, default=100, verbose_name='credit')),
                ('banned_until', models.DateTimeField(blank=True, null=True, verbose_name='banned until')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account_owner', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'buyer',
                'verbose_name_plural': 'buyers',
            },
        ),
        migrations.CreateModel(
            name='ImportFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='file name')),
                ('size', models.PositiveBigIntegerField(verbose_name='size in bytes')),
                ('digest', models.CharField(max_length=64, verbose_name='digest')),
                ('body', merchant.encryption.fields.EncryptedBytes(null=True)),
                ('uploaded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('purged_at', models.DateTimeField(blank=True, null=True)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='merchant.job')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'imported file',
                'verbose_name_plural': 'imported files',
            },
        ),
        migrations.CreateModel(
            name='Listing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='item on the platform')),
                ('product_id', models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='product on the platform')),
                ('sku_code', models.CharField(blank=True, db_default='', default='', max_length=80, verbose_name='merchant code')),
                ('title', models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='title')),
                ('spec', models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='specification')),
                ('title_hash', models.BinaryField(max_length=16)),
                ('category_class', models.CharField(choices=[('normal', 'ordinary goods'), ('fresh', 'fresh goods'), ('virtual', 'virtual goods'), ('whole_vehicle', 'whole vehicle')], db_default='normal', default='normal', max_length=16)),
                ('bigrams', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), db_default=[], default=list, size=None)),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
                ('sku', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.sku')),
            ],
            options={
                'verbose_name': 'listing',
                'verbose_name_plural': 'listings',
            },
        ),
        migrations.CreateModel(
            name='MissedOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=64, verbose_name='order number')),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('tries', models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='tries')),
                ('next_at', models.DateTimeField(blank=True, null=True, verbose_name='tried again')),
                ('first_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='missed since')),
                ('last_at', models.DateTimeField(verbose_name='last tried')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='missed', to='merchant.platformaccount')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'missed order',
                'verbose_name_plural': 'missed orders',
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=64, verbose_name='order number')),
                ('state', django_fsm.FSMField(choices=[('pending_payment', 'Pending payment'), ('pending_review', 'Pending review'), ('pending_assign', 'Pending assignment'), ('pending_confirm', 'Pending confirmation'), ('to_fulfil', 'To fulfil'), ('packed', 'Packed'), ('partly_shipped', 'Partly shipped'), ('shipped', 'Shipped'), ('received', 'Received'), ('completed', 'Completed'), ('closed', 'Order closed'), ('archived', 'Archived')], default='pending_payment', max_length=24, protected=True, verbose_name='state')),
                ('goods_fen', models.BigIntegerField(db_default=0, default=0)),
                ('shop_discount_fen', models.BigIntegerField(db_default=0, default=0)),
                ('subsidy_fen', models.BigIntegerField(db_default=0, default=0)),
                ('freight_fen', models.BigIntegerField(db_default=0, default=0)),
                ('adjustment_fen', models.BigIntegerField(db_default=0, default=0)),
                ('paid_fen', models.BigIntegerField(db_default=0, default=0, verbose_name='paid')),
                ('receivable_fen', models.BigIntegerField(db_default=0, default=0, verbose_name='receivable')),
                ('refunding_fen', models.BigIntegerField(db_default=0, default=0)),
                ('refunded_fen', models.BigIntegerField(db_default=0, default=0)),
                ('freight_refunding_fen', models.BigIntegerField(db_default=0, default=0)),
                ('freight_refunded_fen', models.BigIntegerField(db_default=0, default=0)),
                ('refunded_before_fen', models.BigIntegerField(db_default=0, default=0)),
                ('pay_method', models.CharField(blank=True, db_default='', default='', max_length=24, verbose_name='payment method')),
                ('flag', models.PositiveSmallIntegerField(blank=True, choices=[(0, 'grey'), (1, 'red'), (2, 'yellow'), (3, 'green'), (4, 'blue'), (5, 'purple')], null=True, verbose_name='flag')),
                ('host_name', models.CharField(blank=True, db_default='', default='', max_length=80, verbose_name='host')),
                ('buyer_note', models.TextField(blank=True, db_default='', default='', verbose_name="buyer's message")),
                ('benefits', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), blank=True, db_default=[], default=list, size=None)),
                ('source_status', models.CharField(blank=True, db_default='', default='', max_length=80, verbose_name='status on the platform')),
                ('placed_at', models.DateTimeField(verbose_name='placed')),
                ('imported_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='stored')),
                ('paid_at', models.DateTimeField(blank=True, null=True, verbose_name='paid at')),
                ('shipped_at', models.DateTimeField(blank=True, null=True, verbose_name='shipped at')),
                ('received_at', models.DateTimeField(blank=True, null=True, verbose_name='received at')),
                ('completed_at', models.DateTimeField(blank=True, null=True, verbose_name='completed at')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed at')),
                ('archived_at', models.DateTimeField(blank=True, null=True, verbose_name='archived at')),
                ('close_reason', models.CharField(blank=True, db_default='', default='', max_length=200, verbose_name='reason of closing')),
                ('pay_by_at', models.DateTimeField(blank=True, null=True, verbose_name='pay by')),
                ('step_due_at', models.DateTimeField(blank=True, null=True, verbose_name='step due')),
                ('ship_by_at', models.DateTimeField(blank=True, null=True, verbose_name='ship by')),
                ('auto_receive_at', models.DateTimeField(blank=True, null=True, verbose_name='received by itself at')),
                ('settle_at', models.DateTimeField(blank=True, null=True, verbose_name='settles at')),
                ('source_hash', models.BinaryField(max_length=16, null=True)),
                ('source_updated_at', models.DateTimeField(blank=True, null=True, verbose_name='changed on the platform')),
                ('version', models.PositiveIntegerField(db_default=1, default=1)),
                ('assignee', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('buyer', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='orders.buyer')),
                ('recipient', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='merchant.recipient')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'order',
                'verbose_name_plural': 'orders',
            },
            bases=(django_fsm.ConcurrentTransitionMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(blank=True, db_default='', default='', verbose_name='remark')),
                ('flag', models.PositiveSmallIntegerField(blank=True, choices=[(0, 'grey'), (1, 'red'), (2, 'yellow'), (3, 'green'), (4, 'blue'), (5, 'purple')], null=True, verbose_name='flag')),
                ('by_name', models.CharField(blank=True, db_default='', default='', max_length=80, verbose_name='written by')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='written at')),
                ('pushed_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='orders.order')),
            ],
            options={
                'verbose_name': 'remark',
                'verbose_name_plural': 'remarks',
            },
        ),
        migrations.CreateModel(
            name='Block',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('hold', 'held'), ('aftersales', 'after-sale open'), ('edit', 'being edited'), ('risk', 'under risk control')], max_length=16, verbose_name='kind')),
                ('document', models.CharField(max_length=64, verbose_name='document')),
                ('stops', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('pick', 'pick'), ('ship', 'ship'), ('receive', 'receive'), ('complete', 'complete')], max_length=16), size=None, verbose_name='forbids')),
                ('reason', models.CharField(blank=True, db_default='', default='', max_length=200, verbose_name='reason')),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('closed_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='blocks', to='orders.order')),
            ],
            options={
                'verbose_name': 'block',
                'verbose_name_plural': 'blocks',
            },
        ),
        migrations.CreateModel(
            name='OrderDiscount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('shop', 'shop discount'), ('platform', 'platform subsidy'), ('host', "host's discount")], max_length=16, verbose_name='kind')),
                ('bearer', models.CharField(choices=[('shop', 'shop'), ('platform', 'platform')], max_length=16, verbose_name='borne by')),
                ('amount_fen', models.BigIntegerField(verbose_name='amount')),
                ('coupon_number', models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='coupon')),
                ('restored_at', models.DateTimeField(blank=True, null=True, verbose_name='given back at')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='discounts', to='orders.order')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'discount',
                'verbose_name_plural': 'discounts',
            },
        ),
        migrations.CreateModel(
            name='OrderLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line_no', models.PositiveSmallIntegerField()),
                ('external_id', models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='sub-order number')),
                ('quantity', models.PositiveIntegerField(db_default=1, default=1, verbose_name='quantity')),
                ('shipped_quantity', models.PositiveIntegerField(db_default=0, default=0)),
                ('goods_fen', models.BigIntegerField(db_default=0, default=0)),
                ('discount_fen', models.BigIntegerField(db_default=0, default=0)),
                ('subsidy_fen', models.BigIntegerField(db_default=0, default=0)),
                ('net_fen', models.BigIntegerField(db_default=0, default=0, verbose_name='paid for this line')),
                ('refunding_fen', models.BigIntegerField(db_default=0, default=0)),
                ('refunded_fen', models.BigIntegerField(db_default=0, default=0)),
                ('category_class', models.CharField(choices=[('normal', 'ordinary goods'), ('fresh', 'fresh goods'), ('virtual', 'virtual goods'), ('whole_vehicle', 'whole vehicle')], db_default='normal', default='normal', max_length=16)),
                ('custom_spec', models.CharField(blank=True, db_default='', default='', max_length=300)),
                ('placed_at', models.DateTimeField()),
                ('listing', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.listing')),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.order')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'order line',
                'verbose_name_plural': 'order lines',
            },
        ),
        migrations.CreateModel(
            name='OrderPayload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=64, verbose_name='order number')),
                ('source', models.CharField(max_length=32, verbose_name='source')),
                ('digest', models.BinaryField(max_length=16)),
                ('body', merchant.encryption.fields.EncryptedBytes()),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='received')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'order as the platform told it',
                'verbose_name_plural': 'orders as the platform told them',
            },
        ),
        migrations.CreateModel(
            name='OrderTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tag', models.CharField(max_length=32)),
                ('placed_at', models.DateTimeField()),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tags', to='orders.order')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('kuaishou', 'Kuaishou'), ('douyin', 'Douyin'), ('pinduoduo', 'Pinduoduo'), ('taobao', 'Taobao / Tmall'), ('jd', 'JD'), ('wechat', 'WeChat shop'), ('wechat_pay', 'WeChat Pay'), ('alipay', 'Alipay'), ('bank_card', 'bank card'), ('bank_slip', 'bank slip'), ('voucher', 'voucher'), ('offline', 'offline'), ('other', 'other')], max_length=24, verbose_name='channel')),
                ('channel_number', models.CharField(max_length=80, verbose_name='channel number')),
                ('amount_fen', models.BigIntegerField(verbose_name='amount')),
                ('state', models.CharField(choices=[('paid', 'paid'), ('late', 'paid after closing')], db_default='paid', default='paid', max_length=24, verbose_name='state')),
                ('paid_at', models.DateTimeField(blank=True, null=True, verbose_name='paid at')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='orders.order')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'payment',
                'verbose_name_plural': 'payments',
            },
        ),
        migrations.CreateModel(
            name='SourceDiff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(max_length=40, verbose_name='field')),
                ('ours', models.CharField(max_length=200, verbose_name='ours')),
                ('theirs', models.CharField(max_length=200, verbose_name='theirs')),
                ('source_updated_at', models.DateTimeField(blank=True, null=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='source_diffs', to='orders.order')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'difference to the source',
                'verbose_name_plural': 'differences to the source',
            },
        ),
        migrations.CreateModel(
            name='SyncCursor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.CharField(max_length=16, verbose_name='stream')),
                ('watermark_at', models.DateTimeField(blank=True, null=True, verbose_name='read up to')),
                ('from_at', models.DateTimeField(blank=True, null=True, verbose_name='read from')),
                ('cursor', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('span_from_at', models.DateTimeField(blank=True, null=True)),
                ('span_until_at', models.DateTimeField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('last_pull_at', models.DateTimeField(blank=True, null=True, verbose_name='last pull')),
                ('last_ok_at', models.DateTimeField(blank=True, null=True, verbose_name='last answer')),
                ('taken', models.PositiveIntegerField(db_default=0, default=0, verbose_name='orders taken')),
                ('lag_s', models.PositiveIntegerField(db_default=0, default=0, verbose_name='lag in seconds')),
                ('error', models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='error')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='cursors', to='merchant.platformaccount')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'pull of a platform',
                'verbose_name_plural': 'pulls of platforms',
            },
        ),
        migrations.AddIndex(
            model_name='buyer',
            index=models.Index(models.F('shop'), django.contrib.postgres.indexes.OpClass('nickname', name='varchar_pattern_ops'), name='buyer_nickname'),
        ),
        migrations.AddIndex(
            model_name='buyer',
            index=models.Index(condition=models.Q(('account_owner__isnull', False)), fields=['account_owner', 'id'], name='buyer_kept'),
        ),
        migrations.AddConstraint(
            model_name='buyer',
            constraint=models.UniqueConstraint(fields=('shop', 'external_id'), name='buyer_once'),
        ),
        migrations.AddIndex(
            model_name='listing',
            index=django.contrib.postgres.indexes.GinIndex(fields=['bigrams'], name='listing_bigrams'),
        ),
        migrations.AddConstraint(
            model_name='listing',
            constraint=models.UniqueConstraint(fields=('shop', 'external_id', 'title_hash'), name='listing_once'),
        ),
        migrations.AddConstraint(
            model_name='missedorder',
            constraint=models.UniqueConstraint(fields=('account', 'number'), name='missed_order_once'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['shop', 'state', 'placed_at', 'id'], name='order_tab'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['shop', 'placed_at', 'id'], name='order_all'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['buyer', 'placed_at', 'id'], name='order_of_buyer'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['recipient'], name='order_of_recipient'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(models.F('shop'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Reverse('number'), name='text_pattern_ops'), name='order_number_tail'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('ship_by_at__isnull', False), ('state__in', ['pending_review', 'pending_assign', 'pending_confirm', 'to_fulfil', 'packed', 'partly_shipped'])), fields=['shop', 'ship_by_at'], name='order_to_ship'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('pay_by_at__isnull', False), ('state', 'pending_payment')), fields=['pay_by_at'], name='order_to_pay'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('auto_receive_at__isnull', False), ('state', 'shipped')), fields=['auto_receive_at'], name='order_to_receive'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('settle_at__isnull', False), ('state', 'received')), fields=['settle_at'], name='order_to_settle'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('state__in', ['pending_review', 'pending_assign', 'pending_confirm', 'to_fulfil']), ('step_due_at__isnull', False)), fields=['assignee', 'step_due_at'], name='order_in_work'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('shop', 'number'), name='order_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending_payment', 'pending_review', 'pending_assign', 'pending_confirm', 'to_fulfil', 'packed', 'partly_shipped', 'shipped', 'received', 'completed', 'closed', 'archived'])), name='order_state_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('paid_fen__gte', django.db.models.expressions.CombinedExpression(models.F('refunding_fen'), '+', models.F('refunded_fen'))), ('refunded_fen__gte', 0), ('refunding_fen__gte', 0)), name='order_refunds_within_paid'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('freight_fen__gte', django.db.models.expressions.CombinedExpression(models.F('freight_refunding_fen'), '+', models.F('freight_refunded_fen'))), ('freight_refunded_fen__gte', 0), ('freight_refunding_fen__gte', 0)), name='order_freight_refunds_within_freight'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('paid_fen', 0), ('paid_fen', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('goods_fen'), '-', models.F('shop_discount_fen')), '-', models.F('subsidy_fen')), '+', models.F('freight_fen')), '+', models.F('adjustment_fen'))), _connector='OR'), name='order_paid_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('freight_fen__gte', 0), ('goods_fen__gte', 0), ('paid_fen__gte', 0), ('shop_discount_fen__gte', 0), ('subsidy_fen__gte', 0)), name='order_amounts_positive'),
        ),
        migrations.AddIndex(
            model_name='note',
            index=models.Index(fields=['order', 'id'], name='note_of_order'),
        ),
        migrations.AddIndex(
            model_name='block',
            index=models.Index(fields=['order'], name='block_of_order'),
        ),
        migrations.AddConstraint(
            model_name='block',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('order', 'kind', 'document'), name='block_open_once'),
        ),
        migrations.AddConstraint(
            model_name='orderdiscount',
            constraint=models.UniqueConstraint(fields=('order', 'kind', 'coupon_number'), name='discount_once'),
        ),
        migrations.AddConstraint(
            model_name='orderdiscount',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='discount_positive'),
        ),
        migrations.AddIndex(
            model_name='orderline',
            index=models.Index(fields=['listing', 'placed_at', 'order'], name='order_line_of_listing'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.UniqueConstraint(fields=('order', 'line_no'), name='order_line_once'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('net_fen__gte', django.db.models.expressions.CombinedExpression(models.F('refunding_fen'), '+', models.F('refunded_fen'))), ('refunded_fen__gte', 0), ('refunding_fen__gte', 0)), name='order_line_refunds_within_net'),
        ),
        migrations.AddIndex(
            model_name='orderpayload',
            index=models.Index(fields=['shop', 'received_at'], name='order_payload_age'),
        ),
        migrations.AddConstraint(
            model_name='orderpayload',
            constraint=models.UniqueConstraint(fields=('shop', 'number', 'digest'), name='order_payload_once'),
        ),
        migrations.AddIndex(
            model_name='ordertag',
            index=models.Index(fields=['shop', 'tag', 'placed_at', 'order'], name='order_tag_page'),
        ),
        migrations.AddConstraint(
            model_name='ordertag',
            constraint=models.UniqueConstraint(fields=('order', 'tag'), name='order_tag_once'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('shop', 'channel', 'channel_number', 'order'), name='payment_once'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gte', 0)), name='payment_positive'),
        ),
        migrations.AddConstraint(
            model_name='sourcediff',
            constraint=models.UniqueConstraint(fields=('order', 'field', 'theirs'), name='source_diff_once'),
        ),
        migrations.AddConstraint(
            model_name='synccursor',
            constraint=models.UniqueConstraint(fields=('account', 'stream'), name='sync_cursor_once'),
        ),
    ]
