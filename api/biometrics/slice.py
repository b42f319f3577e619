"""What consent and enrolment add to the whole."""

from api.biometrics import photographs
from api.biometrics.packs import MOST_FILES, FacePackQuery
from api.biometrics.refusals import AskTheDesk, ConsentMissing, NotEnrolled, UploadMissing
from api.biometrics.rotation import reseal_templates
from api.biometrics.schema import (
    BiometricsMutation,
    BiometricsQuery,
    BiometricsSubscription,
    ObjectionMutation,
    enrolment_states,
    objected_since,
)
from api.core import errors
from api.core.slice import Slice

SLICE = Slice(
    queries=(BiometricsQuery, FacePackQuery),
    mutations=(BiometricsMutation, ObjectionMutation),
    subscriptions=(BiometricsSubscription,),
    refusals={
        errors.AskTheDesk: AskTheDesk,
        errors.ConsentMissing: ConsentMissing,
        errors.NotEnrolled: NotEnrolled,
        errors.UploadMissing: UploadMissing,
    },
    photographs={"enrolments": photographs.photo},
    folders=("enrolments",),
    reseal=(reseal_templates,),
    loaders={"enrolment_state": enrolment_states, "objected_at": objected_since},
    lists={
        "Enrolment.photos": 5,
        "FacePack.files": MOST_FILES,
        "EnrolmentPhoto.reasons": 5,
        "FaceSearch.likenesses": 5,
        "EnrolmentStart.uploads": 5,
        "Erasure.erased": 4,
    },
    arguments={
        "photos": "How many photographs will follow, 1 to 5.",
        "purpose": "What the data are processed for.",
        "version": "Which version of the text was shown.",
    },
    values={
        "EnrolmentState.ACTIVE": "In force: check-ins are compared with it.",
        "EnrolmentState.AWAITING": "The photographs are good; a person has yet to say whose face it is.",
        "EnrolmentState.STALE_MODEL": "In force, but of face models that are no longer in use: enrol again.",
        "EnrolmentState.NONE": "The person has no enrolment.",
        "EnrolmentState.PENDING": "The photographs are being checked.",
        "EnrolmentState.REFUSED": "A photograph was not good enough, or a person did not confirm whose face it is.",
        "EnrolmentState.REPLACED": "A later one took its place, or the consent was withdrawn.",
        "ErasedKind.CHECK_IN_PHOTOGRAPHS": "Photographs of check-ins.",
        "ErasedKind.ENROLMENT_PHOTOGRAPHS": "Photographs that were sent to be registered.",
        "ErasedKind.PRINTS": "By what a photograph is known when it comes again.",
        "ErasedKind.TEMPLATES": "What a face is recognised by.",
        "Purpose.FACE_RECOGNITION": "To make sure that it is the person who checks in.",
        "VouchDecision.CONFIRM": "It is this person's face.",
        "VouchDecision.REFUSE": "It is not, or that cannot be said.",
    },
)
