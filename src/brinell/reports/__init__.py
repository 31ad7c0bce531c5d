"""Judgement to text. Every report is pure: no clock, no environment, no file but its own packaged template, and no
arithmetic: numbers come from the judgement and are only formatted here.
"""
