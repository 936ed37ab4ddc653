"""The screens: Streamlit, and the little plain HTTP around it."""
