"""The static stage: linters over copies of a submission's files.

Theory of operation. Every linter honours comments and configuration that lie in the repository it reads, so a
candidate could switch each of them off. The files to look at are therefore copied, by kind, into folders of their own
outside of the submission (`gather`); configuration is not copied, pragmas are counted for reviewers (`pragmas`), and
each tool is told to ignore both (`tools`). A tool is a process with a deadline, a memory cap and an output cap
(`process`); what it printed is brought into one form (`parse`). A tool that fails is a limit of ours, never a zero.
"""
