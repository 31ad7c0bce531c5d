"""Django's development server, around the application of all WSGI servers."""

SECRET_KEY = "of a benchmark"  # noqa: S105 - no secret
DEBUG = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "django_settings"
WSGI_APPLICATION = "wsgi_app.app"
urlpatterns: list[object] = []
