from merchant.platforms.account_views import PlatformAccountPages

urlpatterns = PlatformAccountPages().urls()
