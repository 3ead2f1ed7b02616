# The release whose behaviour is stood in for; the local part tells the two apart.
__version__ = "15.45.0+standin"
