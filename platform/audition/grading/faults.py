"""What a grader raises when the challenge is wrong and not the grader."""


class ChallengeFaultError(ValueError):
    """The challenge's answers or its own metric are not what they have to be: its author's to mend.

    The run then ends as a fault of the challenge: no attempt is used, and the message is for the author and for staff,
    never for the candidate.
    """
