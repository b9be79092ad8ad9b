"""Routes of the API of annotation, under /api/v1/."""

from django.urls import path

from annotation.api import views

urlpatterns = [
    path("projects", views.projects, name="api-projects"),
    path("projects/<slug:slug>/next", views.next_hold, name="api-next"),
    path("projects/<slug:slug>/undo", views.undo, name="api-undo"),
    path("projects/<slug:slug>/history", views.history, name="api-history"),
    path("projects/<slug:slug>/items", views.items, name="api-items"),
    path("projects/<slug:slug>/report", views.report, name="api-report"),
    path("holds/<uuid:token>/submit", views.submit, name="api-submit"),
    path("holds/<uuid:token>/draft", views.draft, name="api-draft"),
    path("holds/<uuid:token>/skip", views.skip, name="api-skip"),
]
