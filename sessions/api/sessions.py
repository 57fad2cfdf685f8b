"""Sessions: the list, one of them, its HAIL, and its removal."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import Bearer, OptionalBearer
from accounts.models import User
from accounts.viewer import feed_is_public, viewer_of
from sessions import bodies, links, services
from sessions.access import session_owned, session_read
from sessions.api import listing, raw, sharing, summaries, uploads
from sessions.api.answers import conditional
from sessions.api.listing import ListQuery, SessionList
from sessions.api.schema import Done, parameters
from sessions.api.sharing import VisibilityAnswer, VisibilityRequest
from sessions.api.summaries import SessionDetail
from sessions.api.uploads import UploadAnswer
from sessions.models import Session, Upload
from sessions.publishing.request import UploadRequest

NOT_CHANGED = OpenApiResponse(description="It is what `If-None-Match` names.")
ESTIMATED = OpenApiParameter(
    "X-Total-Estimated",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="`true` where `total` is an estimate.",
    response=[200],
)
CACHED = "public, max-age=30, stale-while-revalidate=60"


class SessionsView(APIView):
    def get_authenticators(self) -> list[BaseAuthentication]:
        """Everybody may read; to store something, a key that is not valid is refused as such."""
        method = getattr(self.request, "method", "GET")
        return [Bearer() if method == "POST" else OptionalBearer()]

    @extend_schema(
        operation_id="list_sessions",
        parameters=[*parameters(ListQuery), ESTIMATED],
        responses={200: SessionList, 304: NOT_CHANGED},
        tags=["sessions"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """List the sessions that one may find: the public ones and one's own."""
        viewer = viewer_of(request)
        is_anonymous = viewer.user is None and not viewer.is_operator
        if is_anonymous and not feed_is_public():
            raise NotAuthenticated
        query = listing.asked(request.query_params)
        page, is_estimate = listing.listed(viewer, query, timezone.now())
        headers = {"X-Total-Estimated": "true"} if is_estimate else {}
        if is_anonymous and query.may_be_cached and not _names_a_login(request):
            headers["Cache-Control"] = CACHED
        return conditional(request, page, headers)

    @extend_schema(
        operation_id="upload_session",
        request=UploadRequest,
        responses={200: UploadAnswer, 201: UploadAnswer},
        tags=["sessions"],
    )
    def post(self, request: Request) -> Response:
        """Store a session: `session` is the HAIL. Answers 201, or 200 when the same content is there already."""
        _user(request)
        return uploads.upload(request)


class SessionView(APIView):
    authentication_classes = [OptionalBearer]

    @extend_schema(operation_id="get_session", responses={200: SessionDetail, 304: NOT_CHANGED}, tags=["sessions"])
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Tell of one session, and of the links between it and others."""
        viewer = viewer_of(request)
        rows = summaries.columns(Session.objects.readable_by(viewer).filter(pk=pk))
        if not rows:
            raise Http404
        (row,) = rows
        found = links.of_session(viewer, row["id"], row["hail_id"], row["owner"])
        return conditional(request, summaries.detail(row, found))

    @extend_schema(
        operation_id="change_session", request=VisibilityRequest, responses=VisibilityAnswer, tags=["sessions"]
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change who may read a session of one's own."""
        return sharing.change(request, pk)

    @extend_schema(operation_id="delete_session", responses={200: Done}, tags=["sessions"])
    def delete(self, request: Request, pk: UUID) -> Response:
        """Remove one's own session with all that is stored of it."""
        if settings.OPENSESSION_PROFILE == "worker":
            raise MethodNotAllowed("DELETE")
        user = _user(request)
        services.delete(session=session_owned(request, pk), actor=user)
        return Response({"ok": True})


class RawView(APIView):
    authentication_classes = [OptionalBearer]

    @extend_schema(
        operation_id="get_session_raw",
        tags=["sessions"],
        responses={
            (200, "application/jsonl"): OpenApiTypes.STR,
            302: OpenApiResponse(description="The body lies elsewhere: `Location` says where."),
        },
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Download the session as HAIL, one JSON object per line."""
        session = session_read(request, pk)
        if elsewhere := _body_url(session):
            return HttpResponseRedirect(elsewhere)
        if not session.strands.exists():
            raise Http404
        return StreamingHttpResponse(
            raw.chunks(raw.begun(bodies.raw(session))),
            content_type="application/jsonl",
            headers={"Content-Disposition": 'attachment; filename="session.hail.jsonl"'},
        )


def _names_a_login(request: Request) -> bool:
    return "Authorization" in request.headers or "session=" in request.headers.get("Cookie", "")


def _body_url(session: Session) -> str:
    url = Upload.objects.filter(session=session).values_list("body_url", flat=True).first()
    return (url or "").strip()


def _user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
