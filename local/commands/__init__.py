"""Commands by what they are about. `hadir.py` names them and keeps those that put rooms together.

They stand in this room because they are a person's work at the terminal of one machine, and because no other room
may hold them: web, api and worker know nothing of `local`, whose servers and keys most commands need. They use the
API's services and the worker's packs as they are; the pages are no business of theirs. Imports of what is large
stand inside the commands: whoever asks for one thing should not wait for all.
"""
