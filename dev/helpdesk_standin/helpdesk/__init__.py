# The release whose behaviour is stood in for; the local part tells the two apart.
__version__ = "1.25.1+standin"
